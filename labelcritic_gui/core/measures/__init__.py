"""What is measured of masks on a CT: facts of one, of two, and of the parts that only one claims. Layer: core."""
