//! Polygons in the plane: triangulation, area, containment, difference (over `geo`).
