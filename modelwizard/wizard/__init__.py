"""`modelwizard new`: questions as frozen data, answers with their sources, the way back, the review, the writing."""
