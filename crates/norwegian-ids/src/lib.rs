//! Norwegian organisation numbers, person numbers (fødselsnummer, D-nummer) and ISO 6523 identifiers: checked, masked, no I/O.
