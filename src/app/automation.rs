//! One read-only method over a loopback port, so that a test can wait for what the window shows.
//!
//! Deliberately absent: Bevy's own remote methods, which could change the world; any address but loopback; any
//! answer without the token; kiosk mode. The whole module is absent from builds without the `automation` feature.

use super::state::state_json;
use bevy::prelude::*;
use bevy_egui::{EguiContext, EguiOutput, EguiStartupSet, egui};
use bevy_remote::{BrpError, BrpResult, RemoteMethodSystemId, RemoteMethods, RemotePlugin, http::RemoteHttpPlugin};
use serde_json::{Value, json};

/// The one method.
const STATE_METHOD: &str = "stadslens.state";
/// Where the token comes from.
const TOKEN_VARIABLE: &str = "STADSLENS_AUTOMATION_TOKEN";
/// JSON-RPC's code for a refused request.
const REFUSED: i16 = -32_600;

/// Serves the state on `port` of the loopback address.
pub(super) struct AutomationPlugin {
    /// Port to listen on.
    pub(super) port: u16,
}

#[derive(Resource)]
struct Token(Option<String>);

impl Plugin for AutomationPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins((RemotePlugin::default(), RemoteHttpPlugin::default().with_port(self.port)));
        let method = app.main_mut().world_mut().register_system(answer_state);
        let mut methods = RemoteMethods::new();
        methods.insert(STATE_METHOD, RemoteMethodSystemId::Instant(method));
        app.insert_resource(methods)
            .insert_resource(Token(std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty())))
            .init_resource::<Controls>()
            .add_systems(PostStartup, describe_controls.after(EguiStartupSet::InitContexts))
            .add_systems(Last, collect_controls);
    }
}

/// What the interface shows that can be operated, as assistive techniques would hear it.
#[derive(Resource, Default)]
struct Controls(Vec<Value>);

fn describe_controls(mut contexts: Query<&mut EguiContext>) {
    for mut context in &mut contexts {
        context.get_mut().enable_accesskit();
    }
}

/// Keeps the names and places (window pixels) of the last frame's controls.
fn collect_controls(outputs: Query<&EguiOutput>, mut controls: ResMut<Controls>) {
    for output in &outputs {
        let Some(update) = &output.platform_output.accesskit_update else { continue };
        let scale = f64::from(output.pixels_per_point);
        controls.0 = update.nodes.iter().filter_map(|(_, node)| control_json(node, scale)).collect();
    }
}

fn control_json(node: &egui::accesskit::Node, scale: f64) -> Option<Value> {
    let name = node.label().or_else(|| node.value())?;
    let rect = node.bounds()?;
    Some(json!({
        "name": name,
        "role": format!("{:?}", node.role()),
        "enabled": !node.is_disabled(),
        "rect": [rect.x0 * scale, rect.y0 * scale, rect.x1 * scale, rect.y1 * scale],
    }))
}

fn answer_state(In(parameters): In<Option<Value>>, world: &mut World) -> BrpResult {
    let expected = world.resource::<Token>().0.clone();
    let given = parameters.as_ref().and_then(|p| p.get("token")).and_then(Value::as_str);
    if expected.is_none() || expected.as_deref() != given {
        return Err(BrpError { code: REFUSED, message: "the token is missing or wrong".into(), data: None });
    }
    let mut state = state_json(world);
    state["controls"] = Value::Array(world.resource::<Controls>().0.clone());
    Ok(state)
}
