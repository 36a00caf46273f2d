//! PROJ objects, each with a context of its own, whose only files are NSGI's two grids in this binary.
//!
//! All `unsafe` of the program that concerns PROJ stands here. A [`Pj`] is neither `Send` nor `Sync`: use
//! one per thread (`thread_local!`). Contexts have a file interface of ours that knows two names and
//! nothing else, so neither `PROJ_DATA`, nor a grid or database lying about, nor a network can change a
//! result; PROJ's database is the one embedded in the library.
//!
//! Rejected: the `proj` crate for this. Its coordinates have no height, its raw pointer is private, and
//! its search path stands behind `PROJ_DATA`. It serves in [`super::transform`] where none of that matters.
//!
//! Coordinates pass through as PROJ gives them: longitude before latitude, degrees, metres.

#![expect(unsafe_code, reason = "PROJ is a C library; every block says why it is sound")]

use std::ffi::{CStr, CString, c_char, c_int, c_longlong, c_ulonglong, c_void};
use std::ptr;

use proj_sys::{
    PJ, PJ_CONTEXT, PJ_COORD, PJ_DIRECTION, PJ_DIRECTION_PJ_FWD, PJ_DIRECTION_PJ_INV, PJ_LOG_LEVEL_PJ_LOG_NONE,
    PJ_TYPE, PJ_TYPE_PJ_TYPE_BOUND_CRS, PJ_TYPE_PJ_TYPE_COMPOUND_CRS, PJ_TYPE_PJ_TYPE_DERIVED_PROJECTED_CRS,
    PJ_TYPE_PJ_TYPE_GEOCENTRIC_CRS, PJ_TYPE_PJ_TYPE_GEOGRAPHIC_2D_CRS, PJ_TYPE_PJ_TYPE_GEOGRAPHIC_3D_CRS,
    PJ_TYPE_PJ_TYPE_PROJECTED_CRS, PJ_TYPE_PJ_TYPE_VERTICAL_CRS, PJ_XYZT, PROJ_FILE_API, PROJ_FILE_HANDLE,
    PROJ_OPEN_ACCESS, proj_context_create, proj_context_destroy, proj_context_errno, proj_context_errno_string,
    proj_context_set_enable_network, proj_context_set_fileapi, proj_context_set_search_paths,
    proj_coordoperation_get_accuracy, proj_create, proj_create_crs_to_crs_from_pj, proj_crs_get_coordinate_system,
    proj_crs_get_sub_crs, proj_crs_promote_to_3D, proj_cs_get_axis_count, proj_destroy, proj_errno, proj_errno_reset,
    proj_get_type, proj_is_crs, proj_log_level, proj_normalize_for_visualization, proj_trans,
    proj_trans_get_last_used_operation,
};

use super::GeorefError;

/// NSGI's horizontal correction (`NTv2`) and quasi-geoid (GTX), made by `assets/georef/make_grids.py`.
const GRIDS: [(&[u8], &[u8]); 2] = [
    (b"rdcorr2018.gsb", include_bytes!("../../assets/georef/rdcorr2018.gsb")),
    (b"nlgeo2018.gtx", include_bytes!("../../assets/georef/nlgeo2018.gtx")),
];

/// The folder, existing nowhere, in which PROJ finds [`GRIDS`].
const SEARCH_PATH: &CStr = c"mem";

/// What kind of coordinates an EPSG code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CrsKind {
    /// The first two numbers are degrees (or grads), not lengths.
    pub(super) angular: bool,
    /// Earth-centred: three lengths that mean nothing apart.
    pub(super) geocentric: bool,
    /// The third number has a meaning of its own in this CRS.
    pub(super) has_height: bool,
}

/// A coordinate reference system out of PROJ's embedded database, to be used with [`Pj::between`].
struct CrsObject<'a> {
    context: &'a Context,
    crs: *mut PJ,
}

impl<'a> CrsObject<'a> {
    fn new(context: &'a Context, epsg: u32) -> Result<Self, GeorefError> {
        let name = format!("EPSG:{epsg}");
        let crs = context.create(&name)?;
        let object = Self { context, crs };
        // SAFETY: `crs` was just made, is not null and lives in `object`.
        if unsafe { proj_is_crs(object.crs) } == 0 {
            return Err(GeorefError::Definition {
                reason: "not a coordinate reference system".into(),
                definition: name,
            });
        }
        Ok(object)
    }

    fn kind_of(context: &Context, crs: *mut PJ) -> Option<CrsKind> {
        // SAFETY: the caller passes an object of this context that is alive.
        let kind: PJ_TYPE = unsafe { proj_get_type(crs) };
        let flat = |angular, has_height| CrsKind {
            angular,
            geocentric: false,
            has_height,
        };
        match kind {
            PJ_TYPE_PJ_TYPE_GEOGRAPHIC_2D_CRS => Some(flat(true, false)),
            PJ_TYPE_PJ_TYPE_GEOGRAPHIC_3D_CRS => Some(flat(true, true)),
            PJ_TYPE_PJ_TYPE_GEOCENTRIC_CRS => Some(CrsKind {
                angular: false,
                geocentric: true,
                has_height: true,
            }),
            PJ_TYPE_PJ_TYPE_PROJECTED_CRS | PJ_TYPE_PJ_TYPE_DERIVED_PROJECTED_CRS => {
                // SAFETY: alive as above; what comes back is ours, checked for null and destroyed here.
                let axes = unsafe {
                    let system = proj_crs_get_coordinate_system(context.0, crs);
                    if system.is_null() {
                        2
                    } else {
                        let axes = proj_cs_get_axis_count(context.0, system);
                        proj_destroy(system);
                        axes
                    }
                };
                Some(flat(false, axes > 2))
            }
            PJ_TYPE_PJ_TYPE_COMPOUND_CRS | PJ_TYPE_PJ_TYPE_BOUND_CRS => {
                // SAFETY: as above; a bound CRS has no part 0 and gives null.
                let part = unsafe { proj_crs_get_sub_crs(context.0, crs, 0) };
                if part.is_null() {
                    return None;
                }
                let inner = Self::kind_of(context, part);
                // SAFETY: `part` is ours and not used again.
                unsafe { proj_destroy(part) };
                inner.map(|k| CrsKind { has_height: true, ..k })
            }
            _ => None,
        }
    }

    fn kind(&self, epsg: u32) -> Result<CrsKind, GeorefError> {
        // SAFETY: `crs` is alive as long as `self`.
        let vertical = unsafe { proj_get_type(self.crs) } == PJ_TYPE_PJ_TYPE_VERTICAL_CRS;
        Self::kind_of(self.context, self.crs).ok_or_else(|| GeorefError::Definition {
            reason: if vertical {
                "a height system has no horizontal position: name a compound system, such as EPSG:7415 for RD and NAP"
            } else {
                "this kind of coordinate reference system is not supported"
            }
            .into(),
            definition: format!("EPSG:{epsg}"),
        })
    }

    fn promoted(self) -> Self {
        // SAFETY: context and CRS are alive; null as name keeps the CRS's own.
        let crs = unsafe { proj_crs_promote_to_3D(self.context.0, ptr::null(), self.crs) };
        if crs.is_null() {
            self
        } else {
            Self {
                context: self.context,
                crs,
            }
        }
    }
}

impl Drop for CrsObject<'_> {
    fn drop(&mut self) {
        // SAFETY: made by PROJ, owned by this object alone; the context outlives it by its lifetime.
        unsafe { proj_destroy(self.crs) };
    }
}

/// A context that reads nothing but [`GRIDS`] and PROJ's embedded database.
struct Context(*mut PJ_CONTEXT);

impl Context {
    fn new() -> Result<Self, GeorefError> {
        let no_context = || GeorefError::Definition {
            reason: "no context".into(),
            definition: "PROJ".into(),
        };
        // SAFETY: plain calls on a context checked for null. PROJ copies the structure, the callbacks are
        // functions of this program and live for ever, and SEARCH_PATH is a static C string.
        unsafe {
            let context = proj_context_create();
            if context.is_null() {
                return Err(no_context());
            }
            let context = Self(context);
            // PROJ would write to standard error itself; its reasons come back in our errors instead.
            proj_log_level(context.0, PJ_LOG_LEVEL_PJ_LOG_NONE);
            proj_context_set_enable_network(context.0, 0);
            if proj_context_set_fileapi(context.0, &raw const FILE_API, ptr::null_mut()) == 0 {
                return Err(no_context());
            }
            let paths = [SEARCH_PATH.as_ptr()];
            proj_context_set_search_paths(context.0, 1, paths.as_ptr());
            Ok(context)
        }
    }

    fn reason(&self, errno: c_int) -> String {
        if errno == 0 {
            return "not a finite number".into();
        }
        // SAFETY: the context is alive; the string belongs to it and is copied at once.
        unsafe {
            let text = proj_context_errno_string(self.0, errno);
            if text.is_null() {
                format!("PROJ error {errno}")
            } else {
                CStr::from_ptr(text).to_string_lossy().into_owned()
            }
        }
    }

    fn create(&self, definition: &str) -> Result<*mut PJ, GeorefError> {
        let failed = |reason| GeorefError::Definition {
            reason,
            definition: definition.to_owned(),
        };
        let text = CString::new(definition).map_err(|e| failed(e.to_string()))?;
        // SAFETY: context alive, `text` a C string that outlives the call.
        let made = unsafe { proj_create(self.0, text.as_ptr()) };
        if made.is_null() {
            // SAFETY: context alive.
            return Err(failed(self.reason(unsafe { proj_context_errno(self.0) })));
        }
        Ok(made)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made by `proj_context_create`, owned here alone, and everything made from it is gone:
        // `Pj` drops its PJ first, `CrsObject` borrows the context.
        unsafe { proj_context_destroy(self.0) };
    }
}

/// One transformation with its own context, for one thread.
pub(super) struct Pj {
    pj: *mut PJ,
    context: Context,
}

impl Drop for Pj {
    fn drop(&mut self) {
        // SAFETY: owned here alone; the context field is dropped after this.
        unsafe { proj_destroy(self.pj) };
    }
}

impl Pj {
    /// A transformation written out as a PROJ pipeline.
    pub(super) fn pipeline(definition: &str) -> Result<Self, GeorefError> {
        let context = Context::new()?;
        let pj = context.create(definition)?;
        Ok(Self { pj, context })
    }

    /// PROJ's own choice between two EPSG codes, longitude or easting first, without "ballpark" steps that
    /// would leave a datum or a height as it is. When one side has heights the other is read in three
    /// dimensions too (ellipsoidal height), so that a height is transformed or refused, never passed off.
    ///
    /// Never for RD or NAP: see [`super::rdnap`].
    pub(super) fn between(from: u32, to: u32) -> Result<Self, GeorefError> {
        let definition = format!("EPSG:{from} -> EPSG:{to}");
        let context = Context::new()?;
        let (mut source, mut target) = (CrsObject::new(&context, from)?, CrsObject::new(&context, to)?);
        let (source_kind, target_kind) = (source.kind(from)?, target.kind(to)?);
        if source_kind.has_height && !target_kind.has_height {
            target = target.promoted();
        } else if target_kind.has_height && !source_kind.has_height {
            source = source.promoted();
        }
        let options = [c"ALLOW_BALLPARK=NO".as_ptr(), ptr::null()];
        // SAFETY: both CRSs belong to this context and are alive; a null area means everywhere; `options`
        // is a null-terminated list that outlives the call. The first result is destroyed after use.
        let pj = unsafe {
            let raw =
                proj_create_crs_to_crs_from_pj(context.0, source.crs, target.crs, ptr::null_mut(), options.as_ptr());
            if raw.is_null() {
                ptr::null_mut()
            } else {
                let normal = proj_normalize_for_visualization(context.0, raw);
                proj_destroy(raw);
                normal
            }
        };
        drop((source, target));
        if pj.is_null() {
            // SAFETY: context alive.
            let errno = unsafe { proj_context_errno(context.0) };
            let reason = if errno == 0 {
                "no transformation of known accuracy: a grid or a datum shift is missing".into()
            } else {
                context.reason(errno)
            };
            return Err(GeorefError::Definition { reason, definition });
        }
        Ok(Self { pj, context })
    }

    /// What kind of coordinates an EPSG code stands for.
    pub(super) fn crs_kind(epsg: u32) -> Result<CrsKind, GeorefError> {
        let context = Context::new()?;
        CrsObject::new(&context, epsg)?.kind(epsg)
    }

    fn transform(&self, direction: PJ_DIRECTION, p: [f64; 3]) -> Result<[f64; 3], GeorefError> {
        let [x, y, z] = p;
        let outside = |reason| GeorefError::Outside { x, y, z, reason };
        if !(x.is_finite() && y.is_finite() && z.is_finite()) {
            return Err(outside("not a finite number".into()));
        }
        // An infinite time means "no time": PROJ then leaves time-dependent steps at their epoch.
        let coordinate = PJ_COORD {
            xyzt: PJ_XYZT {
                x,
                y,
                z,
                t: f64::INFINITY,
            },
        };
        // SAFETY: the PJ is alive and used by one thread only (`Pj` is not `Sync`); a PJ_COORD is plain data
        // and every one of its views consists of f64, so reading `xyz` is always defined.
        let (out, errno) = unsafe {
            let out = proj_trans(self.pj, direction, coordinate).xyz;
            let out = [out.x, out.y, out.z];
            if out.iter().all(|v| v.is_finite()) {
                return Ok(out);
            }
            let errno = proj_errno(self.pj);
            // The PJ stays usable after a failed point once its error is cleared.
            proj_errno_reset(self.pj);
            (out, errno)
        };
        debug_assert!(out.iter().any(|v| !v.is_finite()), "finite results returned above");
        Err(outside(self.context.reason(errno)))
    }

    /// Forward.
    pub(super) fn forward(&self, p: [f64; 3]) -> Result<[f64; 3], GeorefError> {
        self.transform(PJ_DIRECTION_PJ_FWD, p)
    }

    /// Backward.
    pub(super) fn inverse(&self, p: [f64; 3]) -> Result<[f64; 3], GeorefError> {
        self.transform(PJ_DIRECTION_PJ_INV, p)
    }

    /// Accuracy in metres of the operation that served the last point, when its authority states one.
    pub(super) fn last_accuracy_m(&self) -> Option<f64> {
        // SAFETY: the PJ and its context are alive; what comes back is ours and destroyed here.
        unsafe {
            let operation = proj_trans_get_last_used_operation(self.pj);
            if operation.is_null() {
                return None;
            }
            let accuracy = proj_coordoperation_get_accuracy(self.context.0, operation);
            proj_destroy(operation);
            (accuracy >= 0.0).then_some(accuracy)
        }
    }
}

impl std::fmt::Debug for Pj {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pj").finish_non_exhaustive()
    }
}

/// An open grid: its bytes and where the next read starts.
struct OpenGrid {
    bytes: &'static [u8],
    position: usize,
}

static FILE_API: PROJ_FILE_API = PROJ_FILE_API {
    version: 1,
    open_cbk: Some(open),
    read_cbk: Some(read),
    write_cbk: Some(write),
    seek_cbk: Some(seek),
    tell_cbk: Some(tell),
    close_cbk: Some(close),
    exists_cbk: Some(exists),
    mkdir_cbk: Some(refuse),
    unlink_cbk: Some(refuse),
    rename_cbk: Some(refuse_rename),
};

/// The grid of that name. PROJ joins folder and name by `/`, on Windows by `\`.
fn grid(path: *const c_char) -> Option<&'static [u8]> {
    if path.is_null() {
        return None;
    }
    // SAFETY: PROJ passes a C string that lives during the callback.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    let name = path.strip_prefix(SEARCH_PATH.to_bytes())?;
    let name = name.strip_prefix(b"/").or_else(|| name.strip_prefix(b"\\"))?;
    GRIDS.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

// SAFETY (all callbacks): PROJ calls them with the handle that `open` gave it, between `open` and `close`,
// from the one thread that uses the context, and with a buffer of the size it names.

unsafe extern "C" fn open(
    _: *mut PJ_CONTEXT,
    path: *const c_char,
    _: PROJ_OPEN_ACCESS,
    _: *mut c_void,
) -> *mut PROJ_FILE_HANDLE {
    match grid(path) {
        Some(bytes) => Box::into_raw(Box::new(OpenGrid { bytes, position: 0 })).cast(),
        None => ptr::null_mut(),
    }
}

unsafe extern "C" fn read(
    _: *mut PJ_CONTEXT,
    handle: *mut PROJ_FILE_HANDLE,
    buffer: *mut c_void,
    size: usize,
    _: *mut c_void,
) -> usize {
    // SAFETY: see above; `buffer` has room for `size` bytes and does not overlap a static grid.
    unsafe {
        let file = &mut *handle.cast::<OpenGrid>();
        let rest = file.bytes.get(file.position..).unwrap_or_default();
        let count = size.min(rest.len());
        ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast::<u8>(), count);
        file.position += count;
        count
    }
}

unsafe extern "C" fn write(
    _: *mut PJ_CONTEXT,
    _: *mut PROJ_FILE_HANDLE,
    _: *const c_void,
    _: usize,
    _: *mut c_void,
) -> usize {
    0
}

unsafe extern "C" fn seek(
    _: *mut PJ_CONTEXT,
    handle: *mut PROJ_FILE_HANDLE,
    offset: c_longlong,
    whence: c_int,
    _: *mut c_void,
) -> c_int {
    // SAFETY: see above.
    let file = unsafe { &mut *handle.cast::<OpenGrid>() };
    // SEEK_SET, SEEK_CUR and SEEK_END have these values on every platform with C stdio.
    let base = match whence {
        0 => 0,
        1 => file.position,
        2 => file.bytes.len(),
        _ => return 0,
    };
    let Some(position) = isize::try_from(offset).ok().and_then(|o| base.checked_add_signed(o)) else {
        return 0;
    };
    file.position = position;
    1
}

unsafe extern "C" fn tell(_: *mut PJ_CONTEXT, handle: *mut PROJ_FILE_HANDLE, _: *mut c_void) -> c_ulonglong {
    // SAFETY: see above.
    let file = unsafe { &*handle.cast::<OpenGrid>() };
    file.position as c_ulonglong
}

unsafe extern "C" fn close(_: *mut PJ_CONTEXT, handle: *mut PROJ_FILE_HANDLE, _: *mut c_void) {
    // SAFETY: see above; the handle came from `Box::into_raw` in `open` and is closed once.
    drop(unsafe { Box::from_raw(handle.cast::<OpenGrid>()) });
}

unsafe extern "C" fn exists(_: *mut PJ_CONTEXT, path: *const c_char, _: *mut c_void) -> c_int {
    c_int::from(grid(path).is_some())
}

unsafe extern "C" fn refuse(_: *mut PJ_CONTEXT, _: *const c_char, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn refuse_rename(_: *mut PJ_CONTEXT, _: *const c_char, _: *const c_char, _: *mut c_void) -> c_int {
    0
}
