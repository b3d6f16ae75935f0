//! The directions in which numbers vary most.

/// Sweeps that suffice for any matrix by far.
const SWEEPS_MAX: usize = 60;
/// Of the matrix' size, what is left beside its diagonal at the end.
const REST: f64 = 1e-22;

/// The `count` eigenvectors of a symmetric matrix with the largest eigenvalues, largest first, each
/// with its largest number positive; by Jacobi's rotations (Golub and Van Loan 2013, section 8.5).
pub(super) fn principal_components(mut matrix: Vec<Vec<f64>>, count: usize) -> Vec<Vec<f64>> {
    let size = matrix.len();
    let all: f64 = matrix.iter().flatten().map(|x| x * x).sum();
    // Row i becomes the eigenvector of the value at i.
    let mut vectors: Vec<Vec<f64>> = (0..size)
        .map(|i| (0..size).map(|j| f64::from(i == j)).collect())
        .collect();
    for _ in 0..SWEEPS_MAX {
        let rest: f64 = (0..size)
            .flat_map(|i| matrix[i][..i].iter())
            .map(|x| x * x)
            .sum();
        if rest <= all * REST {
            break;
        }
        for i in 0..size {
            for j in i + 1..size {
                rotate(&mut matrix, &mut vectors, i, j);
            }
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&a, &b| matrix[b][b].total_cmp(&matrix[a][a]));
    order.truncate(count);
    order
        .into_iter()
        .map(|i| signed(std::mem::take(&mut vectors[i])))
        .collect()
}

/// Makes the number at `(i, j)` zero.
fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], i: usize, j: usize) {
    let off = matrix[i][j];
    if off == 0.0 {
        return;
    }
    let theta = (matrix[j][j] - matrix[i][i]) / (2.0 * off);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    turn(matrix, i, j, cosine, sine);
    for row in matrix.iter_mut() {
        (row[i], row[j]) = (
            cosine * row[i] - sine * row[j],
            sine * row[i] + cosine * row[j],
        );
    }
    turn(vectors, i, j, cosine, sine);
}

fn turn(rows: &mut [Vec<f64>], i: usize, j: usize, cosine: f64, sine: f64) {
    let (before, after) = rows.split_at_mut(j);
    for (a, b) in before[i].iter_mut().zip(&mut after[0]) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

/// An eigenvector's sign is free: fixed, so that the same numbers give the same file.
fn signed(mut vector: Vec<f64>) -> Vec<f64> {
    let largest = vector
        .iter()
        .copied()
        .max_by(|a, b| a.abs().total_cmp(&b.abs()));
    if largest.is_some_and(|largest| largest < 0.0) {
        vector.iter_mut().for_each(|x| *x = -*x);
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directions_are_those_of_a_matrix_that_is_known() {
        // Eigenvalues 4, 2 and 1.
        let matrix = vec![
            vec![3.0, 1.0, 0.0],
            vec![1.0, 3.0, 0.0],
            vec![0.0, 0.0, 1.0],
        ];
        let half = 0.5_f64.sqrt();
        let found = principal_components(matrix, 2);
        let near = |a: &[f64], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near(&found[0], [half, half, 0.0]), "{found:?}");
        let second = [found[1][0].abs(), found[1][1].abs(), found[1][2]];
        assert!(near(&second, [half, half, 0.0]), "{found:?}");
    }

    #[test]
    fn the_directions_of_a_large_matrix_are_its_own() {
        let size = 40;
        let at = |i: usize, j: usize| ((i * 31 + j * 17) % 23) as f64 / 23.0;
        let matrix: Vec<Vec<f64>> = (0..size)
            .map(|i| (0..size).map(|j| at(i, j) + at(j, i)).collect())
            .collect();
        let vectors = principal_components(matrix.clone(), size);
        for vector in &vectors {
            let image: Vec<f64> = matrix
                .iter()
                .map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
                .collect();
            let value: f64 = image.iter().zip(vector).map(|(a, b)| a * b).sum();
            let far = image.iter().zip(vector).map(|(a, b)| (a - value * b).abs());
            assert!(far.fold(0.0, f64::max) < 1e-9);
        }
    }
}
