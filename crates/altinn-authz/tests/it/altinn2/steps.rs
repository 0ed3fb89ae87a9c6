//! Calls of several steps.
