'use strict';

// What startup.js loads where nothing shall be.
