"""What each screen shows, without Qt."""
