//! The hull of points. rapier's starts from eigenvectors, whose cosines are the system's, and where
//! points lie evenly the last bit of them may decide which corner is taken; here none is asked for.

use super::math::{cross, difference, dot, length, scaled, wide, Vector};
use std::collections::{BTreeMap, BTreeSet};

/// What counts as lying in a plane, as a share of the hull's size.
const FLAT: f64 = 1e-6;

/// Points that are corners, in the order given, and triangles that run counter-clockwise seen from
/// outside.
pub type Hull = (Vec<[f32; 3]>, Vec<[u32; 3]>);

/// A triangle of the surface.
struct Face {
    corners: [usize; 3],
    normal: Vector,
    offset: f64,
}

impl Face {
    fn new(points: &[Vector], corners: [usize; 3]) -> Option<Self> {
        let [a, b, c] = corners.map(|corner| points[corner]);
        let normal = cross(difference(b, a), difference(c, a));
        let long = length(normal);
        if long <= 0.0 {
            return None;
        }
        let normal = scaled(normal, 1.0 / long);
        Some(Self { corners, normal, offset: dot(normal, a) })
    }

    /// How far outside of its plane a point lies.
    fn height(&self, point: Vector) -> f64 {
        dot(self.normal, point) - self.offset
    }

    fn edges(&self) -> [(usize, usize); 3] {
        let [a, b, c] = self.corners;
        [(a, b), (b, c), (c, a)]
    }
}

/// None where the points lie too near to one plane, or to each other, to tell.
pub fn of(points: &[[f32; 3]]) -> Option<Hull> {
    let origin = wide(points.first()?);
    let near: Vec<Vector> = points.iter().map(|point| difference(wide(point), origin)).collect();
    let (mut faces, flat) = first(&near)?;
    for (index, point) in near.iter().enumerate() {
        let (seen, mut kept): (Vec<Face>, Vec<Face>) =
            faces.into_iter().partition(|face| face.height(*point) > flat);
        let edges: BTreeSet<(usize, usize)> = seen.iter().flat_map(Face::edges).collect();
        for (from, to) in edges.iter().filter(|(from, to)| !edges.contains(&(*to, *from))) {
            kept.push(Face::new(&near, [*from, *to, index])?);
        }
        faces = kept;
    }
    let inside = |face: &Face| near.iter().all(|point| face.height(*point) <= 4.0 * flat);
    if !is_closed(&faces) || !faces.iter().all(inside) {
        return None;
    }
    Some(compact(points, &faces))
}

/// A tetrahedron as large as is quickly found, and what counts as flat.
fn first(points: &[Vector]) -> Option<(Vec<Face>, f64)> {
    let start = *points.first()?;
    let (a, _) = farthest(points, |point| length(difference(point, start)));
    let from = points[a];
    let (b, size) = farthest(points, |point| length(difference(point, from)));
    let flat = size * FLAT;
    let along = difference(points[b], from);
    let aside = |point| length(cross(along, difference(point, from))) / size;
    let (c, far) = farthest(points, aside);
    if size <= 0.0 || far <= flat {
        return None;
    }
    let plane = Face::new(points, [a, b, c])?;
    let (d, far) = farthest(points, |point| plane.height(point).abs());
    if far <= flat {
        return None;
    }
    let [a, b] = if plane.height(points[d]) > 0.0 { [b, a] } else { [a, b] };
    let corners = [[a, b, c], [b, a, d], [c, b, d], [a, c, d]];
    let faces = corners.map(|corners| Face::new(points, corners));
    Some((faces.into_iter().collect::<Option<Vec<Face>>>()?, flat))
}

/// The first of those that are farthest, and how far that is.
fn farthest(points: &[Vector], far: impl Fn(Vector) -> f64) -> (usize, f64) {
    let mut best = (0, 0.0);
    for (index, point) in points.iter().enumerate() {
        let have = far(*point);
        if have > best.1 {
            best = (index, have);
        }
    }
    best
}

/// Whether it is one surface without a hole.
fn is_closed(faces: &[Face]) -> bool {
    let edges: BTreeSet<(usize, usize)> = faces.iter().flat_map(Face::edges).collect();
    let corners: BTreeSet<usize> = faces.iter().flat_map(|face| face.corners).collect();
    let paired = edges.iter().all(|(from, to)| edges.contains(&(*to, *from)));
    paired && edges.len() == 3 * faces.len() && corners.len() + faces.len() == edges.len() / 2 + 2
}

fn compact(points: &[[f32; 3]], faces: &[Face]) -> Hull {
    let corners: BTreeSet<usize> = faces.iter().flat_map(|face| face.corners).collect();
    let numbers: BTreeMap<usize, u32> = corners.into_iter().zip(0..).collect();
    let kept = numbers.keys().map(|corner| points[*corner]).collect();
    let triangles = faces.iter().map(|face| face.corners.map(|corner| numbers[&corner])).collect();
    (kept, triangles)
}
