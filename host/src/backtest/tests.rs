//! Whole runs, with policies written for the test and with the built-in ones.
