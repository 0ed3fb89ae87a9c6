//! Maskinporten client: certificate- or key-signed JWT grants to access tokens (virksomhetssertifikat, systembruker).
