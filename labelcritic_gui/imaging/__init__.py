"""From volumes and masks to pictures; arrays in, arrays out."""
