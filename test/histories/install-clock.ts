import { installClock } from './set-clock';

// Imported before anything else, so that all code has the same clock.
installClock();
