//! What this machine can do, found out before the engine starts and would only panic.

use super::Stop;
use bevy::tasks::block_on;

/// A graphics adapter that is there, or the sentence that says what to do.
pub(super) fn require_adapter() -> Result<String, Stop> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    adapters.first().map(|adapter| adapter.get_info().name).ok_or_else(|| Stop::Machine {
        message: "this machine has no graphics adapter that can draw: install its graphics driver, or on Debian the \
                  software one with `apt install mesa-vulkan-drivers`; over remote desktop ask for 3D support"
            .into(),
    })
}

/// A display to open a window on, or the sentence that says what to do.
pub(super) fn require_display() -> Result<(), Stop> {
    let named = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    if cfg!(any(target_os = "linux", target_os = "freebsd")) && !named("DISPLAY") && !named("WAYLAND_DISPLAY") {
        return Err(Stop::Machine {
            message: "there is no display to open a window on: start it from a desktop session, or draw a picture \
                      without a window with `stadslens render PATH -o picture.png`"
                .into(),
        });
    }
    Ok(())
}

/// Largest resident memory of this process so far, bytes; `None` where the system does not tell.
pub(super) fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok();
    let peak = status.as_deref().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    });
    // Elsewhere the present size stands in: at the end of a render it is close to the peak.
    peak.or_else(|| memory_stats::memory_stats().and_then(|stats| u64::try_from(stats.physical_mem).ok()))
}
