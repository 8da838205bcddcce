//! A recorded denoising loop of another implementation, one entry for each model call.
//!
//! Two forms of file are read.  A file with `out` records a diffusers scheduler: what its step
//! returned at each call.  A file with `final` records a k-diffusion sampler, which calls the
//! model itself: what the model was given and gave back.

use std::collections::BTreeMap;
use std::path::Path;

use super::json::Json;
use super::safetensors::Safetensors;

type Result<T> = std::result::Result<T, String>;

#[derive(Debug, Default, Clone)]
pub struct RecordedCall {
    /// Nothing: what the call before gave.
    pub sample: Option<Vec<f64>>,
    /// Nothing where no model was asked; twice as many values where the variance is learned.
    pub prediction: Option<Vec<f64>>,
    pub group_timesteps: Option<Vec<f64>>,
    pub noise: Vec<Vec<f64>>,
    pub next: Option<Vec<f64>>,
    /// Level of the sample, for samplers in sigma space.
    pub sigma: Option<f64>,
    /// The sample as the model saw it.
    pub scaled: Option<Vec<f64>>,
    pub denoised: Option<Vec<f64>>,
}

#[derive(Debug, Default)]
pub struct RecordedLoop {
    pub method: String,
    /// For [`sched::Scheduler::new`].
    pub config: String,
    pub batch: usize,
    pub elements: usize,
    /// Options of init by name: numbers, and flags as 0 and 1.
    pub options: BTreeMap<String, f64>,
    pub custom_timesteps: Option<Vec<f64>>,
    pub custom_sigmas: Option<Vec<f64>>,
    pub calls: Vec<RecordedCall>,
    /// False: the file stops before the loop ends.
    pub is_whole: bool,
    pub mask: Option<Vec<f64>>,
    pub original: Option<Vec<f64>>,
    /// One for each call.
    pub timesteps: Option<Vec<f64>>,
    pub init_noise_sigma: Option<f64>,
    /// Samplers that draw before they know whether they churn leave draws that no formula uses.
    pub spare_draws: bool,
}

impl RecordedLoop {
    pub fn read(path: &Path) -> Result<Self> {
        let file = Safetensors::read(path)?;
        let init = file.tensor("init")?;
        let batch = *init.shape.first().ok_or("tensor 'init' has no shape")?;
        let calls = *file.tensor("pred")?.shape.first().ok_or("no calls")?;
        let mut recorded = Self {
            batch,
            elements: init.values.len() / batch,
            calls: vec![RecordedCall::default(); calls],
            is_whole: true,
            ..Self::default()
        };
        if file.tensors.contains_key("final") {
            recorded.read_sampler(&file)?;
        } else {
            recorded.read_diffusers(&file)?;
        }
        Ok(recorded)
    }

    fn size(&self) -> usize {
        self.batch * self.elements
    }

    /// Sets an option of init; false where init has none of that name.
    fn read_argument(&mut self, key: &str, value: &Json) -> Result<bool> {
        let number = match (key, value) {
            ("timesteps" | "sigmas", list) => {
                let list = list
                    .list()?
                    .iter()
                    .map(Json::number)
                    .collect::<Result<_>>()?;
                let place = match key {
                    "timesteps" => &mut self.custom_timesteps,
                    _ => &mut self.custom_sigmas,
                };
                *place = Some(list);
                return Ok(true);
            }
            // SCM's null asks for even spacing.
            ("intermediate_timesteps", Json::Null) => 0.0,
            ("use_clipped_model_output", Json::Bool(flag)) => f64::from(u8::from(*flag)),
            (key, Json::Number(number, _)) if super::replay::is_option(key) => *number,
            _ => return Ok(false),
        };
        self.options.insert(key.to_string(), number);
        Ok(true)
    }

    fn read_arguments(&mut self, file: &Safetensors, what: &str) -> Result<()> {
        for (key, value) in Json::parse(file.metadata(what)?)?.members()? {
            if !self.read_argument(key, value)? {
                return Err(format!("unsupported {what}: {key}"));
            }
        }
        Ok(())
    }

    fn set_rows(
        &mut self,
        rows: Vec<Vec<f64>>,
        member: impl Fn(&mut RecordedCall) -> &mut Option<Vec<f64>>,
    ) {
        for (call, row) in self.calls.iter_mut().zip(rows) {
            *member(call) = Some(row);
        }
    }

    /// Gives each call its draws.  `offset` is the noise_step of the first call's draws; earlier
    /// ones went into the recorded first sample.
    fn read_noise(&mut self, file: &Safetensors, offset: usize) -> Result<()> {
        let Some(steps) = file.values("noise_step") else {
            return Ok(());
        };
        let rows = match steps.is_empty() {
            true => Vec::new(),
            false => file.rows("noise", steps.len(), self.size())?,
        };
        for (step, row) in steps.iter().zip(rows) {
            let Some(call) = (*step as usize).checked_sub(offset) else {
                continue;
            };
            let call = self.calls.get_mut(call).ok_or("a draw of no call")?;
            call.noise.push(row);
        }
        Ok(())
    }

    // -------------------------------------------------------------- diffusers

    fn read_diffusers(&mut self, file: &Safetensors) -> Result<()> {
        self.method = file.metadata("class")?.to_string();
        self.config = file.metadata("config")?.to_string();
        self.read_arguments(file, "set_timesteps")?;
        self.read_arguments(file, "step")?;
        // A recorded list goes before a number of steps; the library takes only one of them.
        if self.custom_timesteps.is_some() || self.custom_sigmas.is_some() {
            self.options.remove("num_inference_steps");
        }
        let (count, size) = (self.calls.len(), self.size());
        let mut prediction_size = size;
        let mut is_grouped = false;
        for (key, value) in Json::parse(file.metadata("options")?)?.members()? {
            match (key.as_str(), value) {
                ("learned", Json::Bool(learned)) => prediction_size <<= u32::from(*learned),
                ("kind", kind) => is_grouped = kind.as_str()? == "per_token",
                ("first", _) => self.is_whole = false,
                ("mu", value) if self.read_argument("mu", value)? => {}
                _ => return Err(format!("unsupported options: {key} {value}")),
            }
        }
        self.set_rows(file.rows("pred", count, prediction_size)?, |call| {
            &mut call.prediction
        });
        self.set_rows(file.rows("out", count, size)?, |call| &mut call.next);
        if file.tensors.contains_key("scaled") {
            self.set_rows(file.rows("scaled", count, size)?, |call| &mut call.scaled);
        }
        if file.tensors.contains_key("x0") {
            self.set_rows(file.rows("x0", count, size)?, |call| &mut call.denoised);
        }
        if is_grouped {
            let times = file.tensor("token_timesteps")?.values.len() / count;
            self.set_rows(file.rows("token_timesteps", count, times)?, |call| {
                &mut call.group_timesteps
            });
        }
        self.calls[0].sample = file.values("init");
        for i in 1..count {
            self.calls[i].sample = self.calls[i - 1].next.clone();
        }
        self.read_noise(file, 0)?;
        self.split_operations(file)?;
        self.mask = file.values("mask");
        self.original = file.values("original");
        // A split row has no time for each of its calls.
        if self.calls.len() == count {
            self.timesteps = file.values("timesteps");
        }
        let sigma = Json::parse(file.metadata("init_noise_sigma")?)?;
        self.init_noise_sigma = Some(sigma.number()?);
        Ok(())
    }

    /// Rows without a model call (1 undo, 3 churn) lose their empty prediction; a row with many
    /// draws is as many calls, each on what the one before gave.
    fn split_operations(&mut self, file: &Safetensors) -> Result<()> {
        let Some(operations) = file.values("op") else {
            return Ok(());
        };
        let mut calls = Vec::new();
        for (call, operation) in self.calls.drain(..).zip(operations) {
            if operation != 1.0 && operation != 3.0 {
                calls.push(call);
                continue;
            }
            let draws = call.noise.len();
            for (k, noise) in call.noise.into_iter().enumerate() {
                calls.push(RecordedCall {
                    sample: call.sample.clone().filter(|_| k == 0),
                    next: call.next.clone().filter(|_| k + 1 == draws),
                    noise: vec![noise],
                    ..RecordedCall::default()
                });
            }
        }
        self.calls = calls;
        Ok(())
    }

    // ------------------------------------------------------------ k-diffusion

    fn read_sampler(&mut self, file: &Safetensors) -> Result<()> {
        self.method = file.metadata("sampler")?.to_string();
        self.compose(file)?;
        let (count, size) = (self.calls.len(), self.size());
        self.custom_sigmas = file.values("sigmas");
        self.set_rows(file.rows("in", count, size)?, |call| &mut call.sample);
        self.set_rows(file.rows("pred", count, size)?, |call| &mut call.prediction);
        let levels = file.rows("sigma", count, 1)?;
        for (call, level) in self.calls.iter_mut().zip(levels) {
            call.sigma = Some(level[0]);
        }
        for i in 1..count {
            self.calls[i - 1].next = self.calls[i].sample.clone();
        }
        self.calls[count - 1].next = file.values("final");
        // noise_step counts the calls made before the draw, and a step's own call comes first.
        self.read_noise(file, 1)
    }

    /// The sampler in our own composition.  Arguments that init does not have belong to the
    /// solver.
    fn compose(&mut self, file: &Safetensors) -> Result<()> {
        let name = self.method.trim_start_matches("sample_").to_string();
        let mut solver = BTreeMap::from([("name".to_string(), Json::text(&name))]);
        let arguments = Json::parse(file.metadata("kwargs")?)?;
        for (key, value) in arguments.members()? {
            let of_solver = key == "order" && name != "lms";
            if of_solver || !self.read_argument(key, value)? {
                // Our name for a sampler's own argument, where it differs.
                let key = match key.as_str() {
                    "solver_type" => "type",
                    "n" => "calls",
                    "max_order" => "order",
                    same => same,
                };
                solver.insert(key.to_string(), value.clone());
            }
        }
        let frame = file.metadata("model").unwrap_or("ve");
        let parameterization = Json::object([
            ("prediction", Json::text("sample")),
            ("frame", Json::text(frame)),
        ]);
        let mut config = BTreeMap::from([
            ("solver".to_string(), Json::Object(solver)),
            ("parameterization".to_string(), parameterization),
        ]);
        if frame == "flow" {
            config.insert("schedule".to_string(), Json::text("flow"));
        }
        self.config = Json::Object(config).to_string();
        self.spare_draws = matches!(
            name.as_str(),
            "euler" | "heun" | "dpm_2" | "heunpp2" | "dpm_adaptive" | "dpm_fast"
        ) || self.options.get("eta") == Some(&0.0)
            || file.metadata.contains_key("unused_draws");
        Ok(())
    }
}
