"""The engines that are Python's, each in a process of its own: peers.py NAME FOLDER THREADS.

Reads the model in the folder, says that it is ready, and then does what it reads line by line;
contender.rs does the same for the others and says what the commands are.
"""

import json
import os
import sys
import time
from pathlib import Path


class PyTorch:
    """Models of `transformers`, as it makes them."""

    def __init__(self, folder, threads, precision="f32"):
        import torch
        import transformers

        torch.set_num_threads(threads)
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        self.torch = torch
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        self.model = model.eval()
        if precision == "int8":
            quantise = torch.ao.quantization.quantize_dynamic
            self.model = quantise(self.model, {torch.nn.Linear}, dtype=torch.qint8)
        self.all_at_once = self.compiled() if precision == "compiled" else self.compute
        self.label = f"PyTorch {torch.__version__}, transformers {transformers.__version__}"
        self.folder = folder
        self.steps = None

    def compiled(self):
        """For one length: its weights are packed, and what is between products is fused."""
        from torch._inductor import config

        config.freezing = True
        return self.torch.compile(self.compute)

    def compute(self, tokens, cache):
        return self.model(tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)

    def begin(self, tokens):
        return self.go_on(self.all_at_once, tokens, None)

    def advance(self, token):
        return self.go_on(self.compute, [token], self.cache)

    def go_on(self, compute, tokens, cache):
        # Not in inference mode, in which nothing can be compiled.
        with self.torch.no_grad():
            made = compute(self.torch.tensor([tokens]), cache)
            self.cache = made.past_key_values
            return made.logits[0, -1].float().numpy()

    def learn(self):
        if self.steps is None:
            self.prepare()
        records = next(self.steps)
        logits = self.model(records[:, :-1], use_cache=False).logits
        targets = records[:, 1:].flatten()
        loss = self.torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets)
        self.optimizer.zero_grad()
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()

    def prepare(self):
        """The same settings as the demo model's; the rate changes no time."""
        given = json.loads((self.folder / "given.json").read_text())
        octets = bytearray((self.folder / "records.bin").read_bytes())
        records = self.torch.frombuffer(octets, dtype=self.torch.uint8).long()
        self.steps = iter(records.view(-1, given["count"], given["length"]))
        # Nearly twice as fast as how it learns by default on a CPU.
        self.model.set_experts_implementation("eager")
        self.model.train()
        self.optimizer = self.torch.optim.AdamW(
            self.model.parameters(), lr=1e-4, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )


class OnnxRuntime:
    """The graph of graph.py, with the operators that it has for language models."""

    def __init__(self, folder, threads, precision="f32"):
        import graph
        import numpy
        import onnxruntime

        self.numpy = numpy
        path = graph.write(folder, folder / f"onnx-{precision}", precision)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        self.session = onnxruntime.InferenceSession(path, options, providers=providers)
        config = json.loads((folder / "config.json").read_text())
        self.layers = config["num_hidden_layers"]
        self.empty = (1, config["num_key_value_heads"], 0, config["head_dim"])
        self.label = f"onnxruntime {onnxruntime.__version__}"

    def begin(self, tokens):
        empty = self.numpy.zeros(self.empty, self.numpy.float32)
        self.caches = [empty] * (2 * self.layers)
        return self.go_on(tokens)

    def advance(self, token):
        return self.go_on([token])

    def go_on(self, tokens):
        import graph

        total = self.caches[0].shape[2] + len(tokens)
        given = {
            "tokens": self.numpy.array([tokens], self.numpy.int64),
            "last": self.numpy.array([[total - 1]], self.numpy.int32),
            "total": self.numpy.array(total, self.numpy.int32),
        }
        given.update(zip(graph.past(self.layers), self.caches))
        logits, *self.caches = self.session.run(None, given)
        return logits.reshape(-1)


ENGINES = {
    "pytorch": (PyTorch, "f32"),
    "pytorch-compiled": (PyTorch, "compiled"),
    "pytorch-bf16": (PyTorch, "bf16"),
    "pytorch-int8": (PyTorch, "int8"),
    "onnxruntime": (OnnxRuntime, "f32"),
    "onnxruntime-int8": (OnnxRuntime, "int8"),
}


def peak():
    """The most memory that this process has had at once."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def serve(engine, given, answer):
    answer({"label": engine.label})
    logits = []
    for line in sys.stdin:
        command = line.strip()
        start = time.perf_counter()
        if command == "prefill":
            logits = engine.begin(given["prompt"])
        elif command == "decode":
            for token in given["behind"]:
                logits = engine.advance(token)
        elif command == "learn":
            engine.learn()
        elif command == "logits":
            answer({"logits": [float(number) for number in logits]})
            continue
        elif command == "memory":
            answer({"kibibytes": peak()})
            continue
        else:
            raise SystemExit(f"{command!r} is no command")
        answer({"seconds": time.perf_counter() - start})


def main(name, folder, threads):
    # Libraries print what they like; the answers go where nothing else does.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value):
        print(json.dumps(value), file=answers, flush=True)

    kind, precision = ENGINES[name]
    folder = Path(folder)
    given = json.loads((folder / "given.json").read_text())
    serve(kind(folder, int(threads), precision), given, answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
