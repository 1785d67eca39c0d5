"""What each screen shows: Qt-free, evented by psygnal, written on the GUI thread only."""
