"""What happens by itself: the timeline run, messages answered, callbacks posted."""
