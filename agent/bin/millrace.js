#!/usr/bin/env node
// npm links programs before it builds them, and only those that are there: this one always is.
import "../dist/cli/main.js";
