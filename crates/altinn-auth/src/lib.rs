//! Becoming someone at Altinn: token exchange, system users (systembruker), enterprise users (virksomhetsbruker).
