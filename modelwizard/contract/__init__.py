"""What crosses a process or a disk border, as typed values: messages, jobs, events, results, journal entries."""
