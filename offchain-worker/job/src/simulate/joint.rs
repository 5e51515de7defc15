//! Joints whose angles rapier limits about zero alone: of the middle of another range it would ask
//! std for the sine.

use super::{
    math::{about, narrow, product, unit, wide},
    scene::{Joint, JointKind},
};

/// The same joint, whose first frame is turned to the middle of the angles that a hinge may have,
/// and these are counted from there.
pub fn centred(joint: &Joint) -> Joint {
    let mut joint = joint.clone();
    if joint.kind != JointKind::Revolute {
        return joint;
    }
    for axis in &mut joint.axes {
        let Some(limits) = axis.limits else { continue };
        let [least, most] = wide(&limits);
        let middle = (least + most) / 2.0;
        let [half] = narrow([(most - least) / 2.0]);
        axis.limits = Some([-half, half]);
        if let Some(motor) = &mut axis.motor {
            [motor.target_position] = narrow([f64::from(motor.target_position) - middle]);
        }
        let [first, _] = &mut joint.frames;
        let turned = product(unit(wide(&first.rotation)), about(0, middle));
        first.rotation = narrow(unit(turned));
    }
    joint
}
