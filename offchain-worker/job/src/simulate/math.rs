//! Vectors, rotations and matrices of our own, in f64. All but [`about`] is made of `+ - * /` and
//! the square root, which are rounded in one way everywhere; [`about`] asks `libm`, software.

use std::array::from_fn;

pub type Vector = [f64; 3];
/// x, y, z, w.
pub type Rotation = [f64; 4];
/// By rows.
pub type Matrix = [Vector; 3];

/// After so many sweeps what is left beside the diagonal is nothing.
const SWEEPS: usize = 16;
/// What counts as nothing, as a share of the diagonal.
const NOTHING: f64 = 1e-15;

#[derive(Clone, Copy)]
pub struct Pose {
    pub position: Vector,
    pub rotation: Rotation,
}

impl Pose {
    /// Of unit length is the rotation that comes out, whatever the lengths given.
    pub fn of(position: &[f32; 3], rotation: &[f32; 4]) -> Self {
        Self { position: wide(position), rotation: unit(wide(rotation)) }
    }

    pub fn turning(rotation: Rotation) -> Self {
        Self { position: [0.0; 3], rotation }
    }

    /// The other, given in this one, as it is outside.
    pub fn times(self, other: Self) -> Self {
        Self {
            position: self.point(other.position),
            rotation: unit(product(self.rotation, other.rotation)),
        }
    }

    pub fn point(self, point: Vector) -> Vector {
        sum(self.position, applied(matrix(self.rotation), point))
    }
}

pub fn wide<const N: usize>(numbers: &[f32; N]) -> [f64; N] {
    numbers.map(f64::from)
}

/// To the nearest, ties to even.
pub fn narrow<const N: usize>(numbers: [f64; N]) -> [f32; N] {
    numbers.map(|number| number as f32)
}

pub fn sum(one: Vector, other: Vector) -> Vector {
    from_fn(|index| one[index] + other[index])
}

pub fn difference(one: Vector, other: Vector) -> Vector {
    from_fn(|index| one[index] - other[index])
}

pub fn scaled(vector: Vector, by: f64) -> Vector {
    vector.map(|number| number * by)
}

pub fn dot(one: Vector, other: Vector) -> f64 {
    one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
}

pub fn cross(one: Vector, other: Vector) -> Vector {
    [
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    ]
}

pub fn length(vector: Vector) -> f64 {
    dot(vector, vector).sqrt()
}

/// First the second, then the first.
pub fn product(first: Rotation, second: Rotation) -> Rotation {
    let [ax, ay, az, aw] = first;
    let [bx, by, bz, bw] = second;
    [
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    ]
}

pub fn unit(rotation: Rotation) -> Rotation {
    let [x, y, z, w] = rotation;
    let length = (x * x + y * y + z * z + w * w).sqrt();
    rotation.map(|number| number / length)
}

/// By an angle in radians, about x, y or z.
pub fn about(axis: usize, angle: f64) -> Rotation {
    let mut rotation = [0.0, 0.0, 0.0, libm::cos(angle * 0.5)];
    rotation[axis] = libm::sin(angle * 0.5);
    rotation
}

/// The shortest turn that brings x to a vector of length one.
pub fn from_x_to(vector: Vector) -> Rotation {
    let [x, y, z] = vector;
    if x < -1.0 + 1e-9 {
        return [0.0, 0.0, 1.0, 0.0];
    }
    unit([0.0, -z, y, 1.0 + x])
}

pub fn matrix(rotation: Rotation) -> Matrix {
    let [x, y, z, w] = rotation;
    [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ]
}

/// Of a matrix that only turns. The largest of the four numbers is found first, for the others are
/// divided by it.
pub fn rotation(matrix: Matrix) -> Rotation {
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = matrix;
    let squares = [1.0 + xx - yy - zz, 1.0 - xx + yy - zz, 1.0 - xx - yy + zz, 1.0 + xx + yy + zz];
    let most = squares.iter().copied().fold(0.0, f64::max);
    let [x, y, z, w] = squares.map(|square| square >= most);
    unit(if w {
        [zy - yz, xz - zx, yx - xy, most]
    } else if x {
        [most, xy + yx, xz + zx, zy - yz]
    } else if y {
        [xy + yx, most, yz + zy, xz - zx]
    } else {
        debug_assert!(z);
        [xz + zx, yz + zy, most, yx - xy]
    })
}

pub fn applied(matrix: Matrix, vector: Vector) -> Vector {
    matrix.map(|row| dot(row, vector))
}

pub fn transposed(matrix: Matrix) -> Matrix {
    from_fn(|row| from_fn(|column| matrix[column][row]))
}

pub fn times(one: Matrix, other: Matrix) -> Matrix {
    let columns = transposed(other);
    one.map(|row| columns.map(|column| dot(row, column)))
}

pub fn plus(one: Matrix, other: Matrix) -> Matrix {
    from_fn(|row| sum(one[row], other[row]))
}

pub fn diagonal(numbers: Vector) -> Matrix {
    from_fn(|row| from_fn(|column| if row == column { numbers[row] } else { 0.0 }))
}

/// Each number of the one times each of the other.
pub fn outer(one: Vector, other: Vector) -> Matrix {
    one.map(|number| scaled(other, number))
}

/// What a symmetric matrix is along its own axes, and these axes as columns, by Jacobi's rotations.
pub fn principal(mut matrix: Matrix) -> (Vector, Matrix) {
    let mut axes = diagonal([1.0; 3]);
    for _ in 0..SWEEPS {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            let beside = matrix[p][q];
            if beside.abs() <= NOTHING * (matrix[p][p].abs() + matrix[q][q].abs()) {
                continue;
            }
            let angle = (matrix[q][q] - matrix[p][p]) / (2.0 * beside);
            let tangent = angle.signum() / (angle.abs() + (angle * angle + 1.0).sqrt());
            let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
            let sine = tangent * cosine;
            for row in matrix.iter_mut().chain(&mut axes) {
                let (one, other) = (row[p], row[q]);
                row[p] = cosine * one - sine * other;
                row[q] = sine * one + cosine * other;
            }
            let (one, other) = (matrix[p], matrix[q]);
            matrix[p] = difference(scaled(one, cosine), scaled(other, sine));
            matrix[q] = sum(scaled(one, sine), scaled(other, cosine));
        }
    }
    ([matrix[0][0], matrix[1][1], matrix[2][2]], axes)
}
