//! The safetensors format: the header's length in 8 bytes, the header in JSON, then the arrays,
//! here all float64, little-endian.

use std::collections::BTreeMap;
use std::path::Path;

use super::json::Json;

#[derive(Debug)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

#[derive(Debug)]
pub struct Safetensors {
    pub metadata: BTreeMap<String, String>,
    pub tensors: BTreeMap<String, Tensor>,
}

impl Safetensors {
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or("is too short")?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| "is too long")?;
        if length > rest.len() {
            return Err("header length is larger than the file".to_string());
        }
        let (header, data) = rest.split_at(length);
        let header = std::str::from_utf8(header).map_err(|error| error.to_string())?;
        let header = Json::parse(header)?;
        let mut file = Safetensors {
            metadata: BTreeMap::new(),
            tensors: BTreeMap::new(),
        };
        for (name, entry) in header.members()? {
            if name == "__metadata__" {
                for (key, value) in entry.members()? {
                    file.metadata
                        .insert(key.clone(), value.as_str()?.to_string());
                }
            } else {
                let tensor =
                    read_tensor(entry, data).map_err(|error| format!("{name}: {error}"))?;
                file.tensors.insert(name.clone(), tensor);
            }
        }
        Ok(file)
    }

    pub fn metadata(&self, key: &str) -> Result<&str, String> {
        let found = self.metadata.get(key).map(String::as_str);
        found.ok_or_else(|| format!("metadata has no '{key}'"))
    }

    pub fn tensor(&self, name: &str) -> Result<&Tensor, String> {
        let found = self.tensors.get(name);
        found.ok_or_else(|| format!("tensor '{name}' is missing"))
    }

    /// All values of a tensor that may be missing.
    pub fn values(&self, name: &str) -> Option<Vec<f64>> {
        self.tensors.get(name).map(|tensor| tensor.values.clone())
    }

    /// A tensor as `count` rows of `size` values.
    pub fn rows(&self, name: &str, count: usize, size: usize) -> Result<Vec<Vec<f64>>, String> {
        let tensor = self.tensor(name)?;
        if tensor.shape.first() != Some(&count) || tensor.values.len() != count * size {
            return Err(format!("tensor '{name}' has the wrong shape"));
        }
        Ok(tensor.values.chunks(size).map(<[f64]>::to_vec).collect())
    }
}

fn read_tensor(entry: &Json, data: &[u8]) -> Result<Tensor, String> {
    let entry = entry.members()?;
    let member = |key: &str| entry.get(key).ok_or_else(|| format!("no '{key}'"));
    let counts = |key: &str| -> Result<Vec<usize>, String> {
        member(key)?.list()?.iter().map(Json::count).collect()
    };
    if member("dtype")?.as_str()? != "F64" {
        return Err("dtype is not F64".to_string());
    }
    let shape = counts("shape")?;
    let offsets = counts("data_offsets")?;
    let [begin, end] = offsets[..] else {
        return Err("data_offsets are not two numbers".to_string());
    };
    let bytes = data.get(begin..end).ok_or("is outside the file")?;
    let number = |chunk: &[u8]| f64::from_le_bytes(chunk.try_into().expect("8 bytes"));
    let values: Vec<f64> = bytes.chunks_exact(8).map(number).collect();
    if bytes.len() % 8 != 0 || shape.iter().product::<usize>() != values.len() {
        return Err("shape and data_offsets disagree".to_string());
    }
    Ok(Tensor { shape, values })
}
