//! HAL+JSON codec: typed resources, links and embedded resources, lossless and tolerant where the world is irregular.
