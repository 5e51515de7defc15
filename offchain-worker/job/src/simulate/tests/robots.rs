//! Robots, and descriptions of them that are refused.

use super::{bad::assert_refused, *};

const BASE: &str = r#"<link name="base"><collision><geometry><box size="0.4 0.4 0.2"/></geometry>
    </collision></link>"#;
const INERTIAL: &str = r#"<inertial><origin xyz="0.5 0 0"/><mass value="2"/>
    <inertia ixx="0.02" ixy="0" ixz="0" iyy="0.2" iyz="0" izz="0.2"/></inertial>"#;
/// About y, so that an arm along x goes down where its angle grows.
const HINGE: &str = r#"<joint name="hinge" type="revolute"><parent link="base"/>
    <child link="arm"/><origin xyz="0.3 0 0.1" rpy="0 0 0"/><axis xyz="0 1 0"/>
    <limit lower="-0.5" upper="1.5" effort="10" velocity="1"/><dynamics damping="0.2"/></joint>"#;

fn arm_link() -> String {
    let cylinder = r#"<collision><origin xyz="0.5 0 0" rpy="0 1.5707963 0"/><geometry>
        <cylinder length="1" radius="0.05"/></geometry></collision>"#;
    format!(r#"<link name="arm">{INERTIAL}{cylinder}<visual/></link>"#)
}

fn robot(parts: &str) -> String {
    let urdf = format!(r#"<?xml version="1.0"?><robot name="r"><material/>{parts}</robot>"#);
    written(&urdf, "")
}

fn written(urdf: &str, rest: &str) -> String {
    let urdf = serde_json::to_string(urdf).expect("it is a text");
    format!(
        r#"{{"form": "cairn-scene-1", "gravity": [0, 0, -9.81], "timestep": 0.005,
        "bodies": [{ANCHOR}], "robots": [{{"urdf": {urdf}{rest}}}]}}"#
    )
}

/// One link that falls about a hinge to its limit.
pub(super) fn arm() -> String {
    robot(&format!("{BASE}{}{HINGE}", arm_link()))
}

#[test]
fn robot_should_become_bodies_and_joints() {
    let scene = read(&arm());
    let [_, base, arm] = scene.bodies.as_slice() else { panic!("three bodies") };
    assert!(base.kind == scene::Kind::Fixed && arm.kind == scene::Kind::Dynamic);
    assert!(near(arm.position[0], 0.3, 1e-6) && near(arm.position[2], 0.1, 1e-6));
    let [joint] = scene.joints.as_slice() else { panic!("one joint") };
    assert_eq!((joint.kind, joint.bodies), (scene::JointKind::Revolute, [1, 2]));
    assert_eq!(joint.axes[0].limits, Some([-0.5, 1.5]));
    assert_eq!(arm.colliders.len(), 1);
}

#[test]
fn robot_should_hang_at_its_limit_when_gravity_pulls() {
    // Turned about y by the right hand, x goes down.
    let state = after(2_000, &arm());
    let [x, _, z, qx, qy, qz, qw, ..] = state[2];
    assert!(near(x, 0.3, 0.01) && near(z, 0.1, 0.01), "the hinge came off: {:?}", state[2]);
    let angle = 2.0 * f64::from(qy).atan2(f64::from(qw));
    assert!((angle - 1.5).abs() < 0.05, "{angle}, {qx}, {qz}");
}

#[test]
fn roll_should_come_before_pitch_and_yaw() {
    let turned = r#"<joint name="j" type="fixed"><parent link="base"/><child link="arm"/>
        <origin rpy="0.3 0.5 -0.7"/></joint>"#;
    let scene = read(&robot(&format!("{BASE}{}{turned}", arm_link())));
    // Of Rz(-0.7) Ry(0.5) Rx(0.3), by the usual formula.
    let need = [0.219_90, 0.180_15, -0.363_24, 0.887_27];
    let have = scene.bodies[2].rotation;
    assert!(have.iter().zip(need).all(|(one, two)| near(*one, two, 1e-4)), "{have:?}");
}

#[test]
fn robot_should_stand_where_its_pose_says() {
    let urdf = format!(r#"<robot>{BASE}{}{HINGE}</robot>"#, arm_link());
    // On its side: x stays, y becomes z.
    let rest = r#", "position": [1, 2, 3], "rotation": [0.70710677, 0, 0, 0.70710677]"#;
    let scene = read(&written(&urdf, rest));
    let [x, y, z] = scene.bodies[2].position;
    assert!(near(x, 1.3, 1e-5) && near(y, 1.9, 1e-5) && near(z, 3.0, 1e-5), "{x}, {y}, {z}");
}

#[test]
fn run_should_refuse_robots_that_it_cannot_build() {
    let arm = arm_link();
    let mesh = r#"<link name="base"><collision><geometry><mesh filename="a.stl"/></geometry>
        </collision></link>"#;
    let cases = [
        (String::new(), "links: from 1 to 4096, and not 0"),
        (format!("{BASE}{BASE}"), "two links base"),
        (format!("{BASE}{arm}"), "one link that is no child"),
        (format!("{BASE}{HINGE}"), "hinge: there is no link arm"),
        (format!("{BASE}{arm}{HINGE}{HINGE}"), "hinge: its child has two parents"),
        (mesh.into(), "base: box, sphere, cylinder or capsule, and no mesh"),
        (format!(r#"{BASE}<link name="arm"/>{HINGE}"#), "arm: an inertial, for it is moved"),
        (format!("{BASE}{arm}{}", HINGE.replace("revolute", "planar")), "hinge: fixed, conti"),
        (format!("{BASE}{arm}{}", HINGE.replace("0 1 0", "0 0 0")), "hinge: axis.xyz: longer"),
        (format!("{BASE}{arm}{}", HINGE.replace("0 1 0", "0 nan 0")), "hinge: axis.xyz: 3 num"),
        (format!("{BASE}{arm}{}", HINGE.replace("0 1 0", "0 1")), "hinge: axis.xyz: 3 numbers"),
        (format!("{BASE}{arm}{}", HINGE.replace("<limit", "<other")), "hinge: it has no limit"),
        (
            format!("{BASE}{arm}{}", HINGE.replace("</joint>", "<mimic/></joint>")),
            "hinge: no mimic",
        ),
        (circle(), "links that hang on each other in a circle"),
    ];
    for (parts, words) in cases {
        assert_refused(&robot(&parts), &format!("robots[0].urdf: {words}"));
    }
}

/// Two links that are each other's parents, beside a third.
fn circle() -> String {
    let link = |name: &str| arm_link().replace(r#"name="arm""#, &format!(r#"name="{name}""#));
    let joint = |parent: &str, child: &str| {
        HINGE
            .replace(r#""base""#, &format!(r#""{parent}""#))
            .replace(r#"link="arm""#, &format!(r#"link="{child}""#))
    };
    format!("{BASE}{}{}{}{}", link("a"), link("b"), joint("a", "b"), joint("b", "a"))
}

#[test]
fn run_should_refuse_what_is_no_robot() {
    let deep = "<a>".repeat(40);
    for (urdf, words) in [
        ("", "urdf: "),
        ("<robot", "urdf: "),
        ("<sdf/>", "urdf: a robot, and not sdf"),
        ("<!DOCTYPE robot><robot/>", "urdf: no document type"),
        (deep.as_str(), "urdf: more than 32 elements in each other"),
    ] {
        assert_refused(&written(urdf, ""), &format!("robots[0].{words}"));
    }
    let still = format!("<robot>{BASE}</robot>");
    let words = "robots[0].urdf: base: an inertial, for it is moved";
    assert_refused(&written(&still, r#", "fixed": false"#), words);
}

#[test]
fn run_should_refuse_a_robot_when_it_has_too_many_links() {
    let link = |at: usize| format!(r#"<link name="{at}"/>"#);
    let links: String = (0..check::MAX_BODIES).map(link).collect();
    let words = "robots[0].urdf: one link that is no child";
    assert_refused(&robot(&links), words);
    let words = "robots[0].urdf: links: from 1 to 4096, and not 4097";
    assert_refused(&robot(&format!(r#"{links}<link name="last"/>"#)), words);
}
