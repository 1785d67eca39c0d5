"""A mask pieced together from candidates, by a recipe that gives the same voxels every time. Layer: core."""
