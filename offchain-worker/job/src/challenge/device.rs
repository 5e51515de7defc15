//! A challenge on a GPU, by wgpu itself: what a tensor library offers has no integers for it.

use super::{
    kernel::{self, ENTRY, GROUP},
    pace::Pace,
};
use cairn_order::Solved;
use cairn_protocol::{
    challenge::work::{self, LANES},
    id::{Digest, Seed},
};
use std::{
    future::Future,
    pin::pin,
    sync::mpsc,
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};
use wgpu::{
    Backends, BindGroup, BindGroupDescriptor, BindGroupEntry, Buffer, BufferDescriptor,
    BufferUsages, CommandEncoder, CommandEncoderDescriptor, ComputePassDescriptor, ComputePipeline,
    ComputePipelineDescriptor, Device, DeviceDescriptor, Instance, InstanceDescriptor,
    InstanceFlags, Limits, MapMode, MemoryHints, PollError, PollType, PowerPreference, Queue,
    RequestAdapterError, RequestAdapterOptions, RequestDeviceError, ShaderModuleDescriptor,
    ShaderSource, SubmissionIndex,
};

/// How long a dispatch may take before the device is given up, which has to compile it first.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of where a lane is, and of where all of them are.
const END_BYTES: usize = 32;
const ALL_BYTES: u64 = LANES as u64 * END_BYTES as u64;
/// Lanes that the processor computes as well: a device that has lost its memory, or whose driver
/// is wrong, is better found out here than on the chain.
const CHECKED: [u32; 3] = [0, LANES / 2 + 77, LANES - 1];

/// Why a device solves nothing. The worker does then, by its processor.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("there is no driver of Vulkan: {0}")]
    Absent(RequestAdapterError),
    #[error("the device does not open: {0}")]
    Closed(RequestDeviceError),
    #[error("the driver does not answer at once")]
    Deferred,
    #[error("the device does not come to an end: {0}")]
    Hangs(PollError),
    #[error("what the device wrote cannot be read")]
    Unread,
    #[error("the device comes to something else than the processor")]
    Wrong,
}

/// A device with the program, and where all lanes are.
struct Gpu {
    device: Device,
    queue: Queue,
    pipeline: ComputePipeline,
    bound: BindGroup,
    ends: Buffer,
    /// Which lanes go on next, and by how many rounds.
    part: Buffer,
    /// What the ends are read by.
    copy: Buffer,
}

/// The answer to a challenge of so many rounds.
pub(super) fn solve(seed: &Seed, rounds: u64) -> Result<Solved, Failed> {
    let gpu = Gpu::open()?;
    let begun = Instant::now();
    let ends = thread::scope(|scope| -> Result<Vec<Digest>, Failed> {
        let known = scope.spawn(|| CHECKED.map(|lane| work::lane(seed, lane, rounds)));
        let ends = gpu.ends(seed, rounds)?;
        let known = known.join().map_err(|_| Failed::Wrong)?;
        let is_right = |(lane, end): (u32, &Digest)| ends.get(lane as usize) == Some(end);
        let all = CHECKED.into_iter().zip(&known).all(is_right);
        all.then_some(ends).ok_or(Failed::Wrong)
    })?;
    let answer = work::fold(seed, ends.into_iter());
    let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    Ok(Solved { answer, micros })
}

impl Gpu {
    /// The fastest that Vulkan has, which may be an adapter in software.
    fn open() -> Result<Self, Failed> {
        let instance = Instance::new(InstanceDescriptor {
            backends: Backends::VULKAN,
            flags: InstanceFlags::empty(),
            ..InstanceDescriptor::new_without_display_handle()
        });
        let options = RequestAdapterOptions {
            power_preference: PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = at_once(instance.request_adapter(&options))?.map_err(Failed::Absent)?;
        let wanted = DeviceDescriptor {
            required_limits: Limits::downlevel_defaults(),
            memory_hints: MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let opened = at_once(adapter.request_device(&wanted))?;
        let (device, queue) = opened.map_err(Failed::Closed)?;
        let buffer = |size, usage| {
            let (label, mapped_at_creation) = (None, false);
            device.create_buffer(&BufferDescriptor { label, size, usage, mapped_at_creation })
        };
        let copied = BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let ends = buffer(ALL_BYTES, BufferUsages::STORAGE | copied);
        let part = buffer(8, BufferUsages::UNIFORM | BufferUsages::COPY_DST);
        let copy = buffer(ALL_BYTES, BufferUsages::MAP_READ | BufferUsages::COPY_DST);
        let pipeline = pipeline(&device);
        let bound = device.create_bind_group(&BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[
                BindGroupEntry { binding: 0, resource: ends.as_entire_binding() },
                BindGroupEntry { binding: 1, resource: part.as_entire_binding() },
            ],
        });
        Ok(Self { device, queue, pipeline, bound, ends, part, copy })
    }

    /// Where all lanes end.
    fn ends(&self, seed: &Seed, rounds: u64) -> Result<Vec<Digest>, Failed> {
        let starts: Vec<u8> = (0..LANES).flat_map(|lane| work::lane(seed, lane, 0)).collect();
        self.queue.write_buffer(&self.ends, 0, &starts);
        let (mut pace, mut left) = (Pace::new(), rounds);
        while left > 0 {
            let (part, mut first) = (pace.rounds(left), 0);
            while first < LANES {
                let (lanes, begun) = (pace.lanes(LANES - first), Instant::now());
                self.go_on(first, lanes, part)?;
                pace.took(lanes, part, begun.elapsed());
                first += lanes;
            }
            left -= u64::from(part);
        }
        self.read()
    }

    /// Takes so many lanes further by so many rounds, and waits until they are there.
    fn go_on(&self, first: u32, lanes: u32, rounds: u32) -> Result<(), Failed> {
        let part = [first.to_le_bytes(), rounds.to_le_bytes()].concat();
        self.queue.write_buffer(&self.part, 0, &part);
        let mut encoder = self.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &self.bound, &[]);
            pass.dispatch_workgroups(lanes / GROUP, 1, 1);
        }
        self.wait(Some(self.queue.submit([encoder.finish()])))
    }

    fn read(&self) -> Result<Vec<Digest>, Failed> {
        let mut encoder = self.encoder();
        encoder.copy_buffer_to_buffer(&self.ends, 0, &self.copy, 0, ALL_BYTES);
        let copied = self.queue.submit([encoder.finish()]);
        let (tell, told) = mpsc::channel();
        // Nobody listens where waiting for it failed.
        self.copy.map_async(MapMode::Read, .., move |mapped| {
            let _ = tell.send(mapped);
        });
        self.wait(Some(copied))?;
        told.try_recv().map_err(|_| Failed::Unread)?.map_err(|_| Failed::Unread)?;
        let bytes = self.copy.get_mapped_range(..).map_err(|_| Failed::Unread)?;
        let ends = bytes.chunks_exact(END_BYTES).map(Digest::try_from);
        ends.collect::<Result<_, _>>().map_err(|_| Failed::Unread)
    }

    fn encoder(&self) -> CommandEncoder {
        self.device.create_command_encoder(&CommandEncoderDescriptor { label: None })
    }

    fn wait(&self, submission_index: Option<SubmissionIndex>) -> Result<(), Failed> {
        let timeout = Some(PATIENCE);
        let waited = self.device.poll(PollType::Wait { submission_index, timeout });
        waited.map(|_| ()).map_err(Failed::Hangs)
    }
}

/// The program as the device runs it.
fn pipeline(device: &Device) -> ComputePipeline {
    let source = ShaderSource::Wgsl(kernel::source().into());
    let module = device.create_shader_module(ShaderModuleDescriptor { label: None, source });
    device.create_compute_pipeline(&ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: Some(ENTRY),
        compilation_options: Default::default(),
        cache: None,
    })
}

/// What wgpu answers without waiting for anything, as it does wherever it runs natively.
fn at_once<T>(answer: impl Future<Output = T>) -> Result<T, Failed> {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Ok(answer),
        Poll::Pending => Err(Failed::Deferred),
    }
}
