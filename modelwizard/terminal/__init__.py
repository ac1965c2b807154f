"""The only room that knows questionary and rich: shows, asks, follows progress; with a plain mode."""
