//! One engine for every kind of access token: snapshots, single flights, background refresh, stores. Knows no issuer.
