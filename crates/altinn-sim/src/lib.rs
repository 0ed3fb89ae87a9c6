//! A faithful simulator of Maskinporten and Altinn on loopback, for tests and for learning.
