"""Writes a checkpoint of Qwen3, dense or with experts, as an ONNX graph, with the operators that
onnxruntime has for language models: those that its own tools would fuse the plain ones into.
"""

import json

import numpy
from onnx import TensorProto, helper, save
from safetensors.numpy import load_file

CONTRIBUTED = "com.microsoft"


def past(layers):
    """Names of the keys and values that are given."""
    return [f"past.{layer}.{part}" for layer in range(layers) for part in ("key", "value")]


class Graph:
    def __init__(self, config, weights):
        self.config, self.weights = config, weights
        self.nodes, self.constants, self.caches = [], [], []
        self.epsilon = config["rms_norm_eps"]

    def add(self, op, inputs, name, outputs=1, domain="", **attributes):
        made = [name] + [f"{name}.{index}" for index in range(1, outputs)]
        node = helper.make_node(op, inputs, made, name=name, domain=domain, **attributes)
        self.nodes.append(node)
        return made[0] if outputs == 1 else made

    def constant(self, name, values):
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        octets = numpy.ascontiguousarray(values).tobytes()
        self.constants.append(helper.make_tensor(name, kind, values.shape, octets, raw=True))
        return name

    def linear(self, values, name):
        weights = self.constant(name, self.weights[f"{name}.weight"].T)
        return self.add("MatMul", [values, weights], f"{name}.made")

    def norm(self, values, name):
        gains = self.constant(name, self.weights[f"{name}.weight"])
        op = "SimplifiedLayerNormalization"
        return self.add(op, [values, gains], f"{name}.made", axis=-1, epsilon=self.epsilon)

    def add_and_norm(self, values, more, name):
        """What is normed, and the sum itself, which goes on."""
        gains = self.constant(name, self.weights[f"{name}.weight"])
        made = self.add(
            "SkipSimplifiedLayerNormalization",
            [values, more, gains],
            f"{name}.made",
            outputs=4,
            domain=CONTRIBUTED,
            epsilon=self.epsilon,
        )
        return made[0], made[3]

    def heads(self, values, name, count):
        """Norms each head of queries or of keys by itself."""
        size = self.config["head_dim"]
        apart = self.constant(f"{name}.apart", numpy.array([0, 0, count, size]))
        together = self.constant(f"{name}.together", numpy.array([0, 0, count * size]))
        values = self.add("Reshape", [values, apart], f"{name}.split")
        values = self.norm(values, name)
        return self.add("Reshape", [values, together], f"{name}.joined")

    def attention(self, values, layer):
        name = f"model.layers.{layer}.self_attn"
        queries, keys = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        parts = [self.linear(values, f"{name}.{part}_proj") for part in "qkv"]
        parts[0] = self.heads(parts[0], f"{name}.q_norm", queries)
        parts[1] = self.heads(parts[1], f"{name}.k_norm", keys)
        cache = past(layer + 1)[-2:]
        seen, key, value = self.add(
            "GroupQueryAttention",
            parts + cache + ["last", "total", "cosines", "sines"],
            f"{name}.seen",
            outputs=3,
            domain=CONTRIBUTED,
            num_heads=queries,
            kv_num_heads=keys,
            do_rotary=1,
        )
        self.caches += [key, value]
        return self.linear(seen, f"{name}.o_proj")

    def feed(self, values, layer):
        name = f"model.layers.{layer}.mlp"
        gate = self.linear(values, f"{name}.gate_proj")
        share = self.add("Sigmoid", [gate], f"{name}.share")
        gate = self.add("Mul", [gate, share], f"{name}.gated")
        values = self.add("Mul", [gate, self.linear(values, f"{name}.up_proj")], f"{name}.between")
        return self.linear(values, f"{name}.down_proj")

    def experts(self, values, layer):
        """The chosen of them, in the one operator that has them on a CPU: it takes the rows of gate
        and of what is gated in turn."""
        name, config = f"model.layers.{layer}.mlp", self.config
        apart = self.constant(f"{name}.apart", numpy.array([-1, config["num_experts"]]))
        scores = self.add("Reshape", [self.linear(values, f"{name}.gate"), apart], f"{name}.scores")
        parts = {part: self.of_experts(name, part) for part in ("gate_proj", "up_proj", "down_proj")}
        into = numpy.stack([parts["gate_proj"], parts["up_proj"]], axis=2)
        into = into.reshape(len(into), -1, into.shape[-1])
        into = self.constant(f"{name}.into", into)
        back = self.constant(f"{name}.back", parts["down_proj"])
        return self.add(
            "MoE",
            [values, scores, into, "", back],
            f"{name}.made",
            domain=CONTRIBUTED,
            activation_type="swiglu",
            swiglu_fusion=1,
            k=config["num_experts_per_tok"],
            normalize_routing_weights=int(config["norm_topk_prob"]),
        )

    def of_experts(self, name, part):
        count = range(self.config["num_experts"])
        return numpy.stack([self.weights[f"{name}.experts.{one}.{part}.weight"] for one in count])

    def turns(self):
        size = self.config["head_dim"]
        speeds = self.config["rope_theta"] ** (-numpy.arange(0, size, 2) / size)
        angles = numpy.outer(numpy.arange(self.config["max_position_embeddings"]), speeds)
        self.constant("cosines", numpy.cos(angles).astype(numpy.float32))
        self.constant("sines", numpy.sin(angles).astype(numpy.float32))

    def build(self, shared):
        """With one table for both ends where it is `shared`."""
        self.turns()
        table = self.constant("table", self.weights["model.embed_tokens.weight"])
        rows = self.add("Gather", [table, "tokens"], "embedded")
        values = self.norm(rows, "model.layers.0.input_layernorm")
        layers = self.config["num_hidden_layers"]
        feed = self.experts if "num_experts" in self.config else self.feed
        for layer in range(layers):
            after = f"model.layers.{layer}.post_attention_layernorm"
            values, rows = self.add_and_norm(rows, self.attention(values, layer), after)
            last = layer + 1 == layers
            after = "model.norm" if last else f"model.layers.{layer + 1}.input_layernorm"
            values, rows = self.add_and_norm(rows, feed(values, layer), after)
        behind = self.constant("behind", numpy.array(-1))
        values = self.add("Gather", [values, behind], "row", axis=1)
        if shared:
            self.add("Gemm", [values, table], "logits", transB=1)
        else:
            head = self.constant("head", self.weights["model.embed_tokens.weight"].T)
            self.add("MatMul", [values, head], "logits")

    def model(self):
        size, groups = self.config["head_dim"], self.config["num_key_value_heads"]
        info = helper.make_tensor_value_info
        cache = [1, groups, "before", size]
        given = [info("tokens", TensorProto.INT64, [1, "length"])]
        given += [info("last", TensorProto.INT32, [1, 1]), info("total", TensorProto.INT32, [])]
        names = past(self.config["num_hidden_layers"])
        given += [info(name, TensorProto.FLOAT, cache) for name in names]
        made = [info("logits", TensorProto.FLOAT, [1, self.config["vocab_size"]])]
        after = [1, groups, "after", size]
        made += [info(name, TensorProto.FLOAT, after) for name in self.caches]
        graph = helper.make_graph(self.nodes, "qwen3", given, made, self.constants)
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(CONTRIBUTED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def write(checkpoint, folder, precision):
    """Writes the graph of a checkpoint into a folder, and says where."""
    config = json.loads((checkpoint / "config.json").read_text())
    graph = Graph(config, load_file(checkpoint / "model.safetensors"))
    # Of a table that is looked up as well the quantiser makes a mess.
    graph.build(shared=precision == "f32")
    folder.mkdir(exist_ok=True)
    path = folder / "model.onnx"
    save(graph.model(), path)
    if precision == "int8":
        from onnxruntime.quantization import QuantType, quantize_dynamic

        path, plain = folder / "model-int8.onnx", path
        quantize_dynamic(
            plain,
            path,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
            # It does not know what onnxruntime's own operators make.
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
    return path
