"""Layer-wise relevance propagation where feed-forward layers multiply: nothing is counted twice."""

import numpy as np
import pytest
import torch
import transformers
from conftest import SIZES, make_layout, make_sentences
from transformers import AutoModelForTokenClassification

from polyheads.encoders.batches import pack
from polyheads.encoders.forward import word_logits
from polyheads.encoders.gates import ATTENTION, number_layers
from polyheads.errors import UserError
from polyheads.importance import lrp, relevance

LAYERS, HEADS = SHAPE = 3, 4
CPU = torch.device("cpu")
LAYOUT = make_layout("bert")


@pytest.fixture(params=["ModernBert", "Gte", "NomicBert", "EuroBert"])
def model(request):
    """Fused and separate maps, LayerNorm and RMSNorm, GELU and SiLU, all of them with gates."""
    torch.manual_seed(0)
    more = {"num_key_value_heads": 2} if request.param == "EuroBert" else {}
    sizes = SIZES | {"hidden_size": 32, "max_position_embeddings": 64, "pad_token_id": 0} | more
    config = getattr(transformers, f"{request.param}Config")(**sizes)
    config._attn_implementation = ATTENTION
    made = AutoModelForTokenClassification.from_config(config)
    for weight in made.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.2)
    return number_layers(made.eval().requires_grad_(False))


def relevances(model):
    """Of every layer's output, of every layer's heads, and the gold logit; there are no biases."""
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            weight.zero_()
    outputs = []

    def keep(module, inputs, output):
        outputs.append(output.requires_grad_(True) if output.is_leaf else output)
        outputs[-1].retain_grad()

    hooks = [layer.register_forward_hook(keep) for layer in model.base_model.layers]
    batch = pack(make_sentences(1, seed=15, longest=12), LAYOUT, CPU)
    gate = torch.ones(1, *SHAPE, requires_grad=True)
    plain = word_logits(model, batch, gate).detach()
    outputs.clear()
    with relevance.constant_factors(model, relevance.constant_weights):
        logits = word_logits(model, batch, gate)
        torch.testing.assert_close(logits, plain, atol=1e-5, rtol=1e-5)
        gold = relevance.gold_logit(logits, batch.labels).mean()
        gold.backward()
    for hook in hooks:
        hook.remove()
    return [(o * o.grad).sum().item() for o in outputs], gate.grad[0].numpy(), gold.item()


def test_every_layer_has_the_whole_relevance(model):
    found, heads, gold = relevances(model)
    assert abs(gold) > 0.01 and np.abs(heads).max() > 0.01
    assert found == pytest.approx([gold] * LAYERS, abs=1e-4)


def scores(model):
    how = {"layout": LAYOUT, "shape": SHAPE, "batch_size": 2, "device": CPU}
    return lrp.score(model, make_sentences(3, seed=2), **how)


def test_without_halves_it_would_be_refused(model, monkeypatch):
    assert (scores(model) > 0).all()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    monkeypatch.setattr(relevance._Products, "before_linear", lambda *_: None)
    with pytest.raises(UserError, match=r"relevance is not conserved.*no lrp scores"):
        scores(model)
    assert all(torch.equal(before[name], w) for name, w in model.state_dict().items())


def test_a_product_gives_each_of_its_factors_half():
    class Gated(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gate, self.up, self.down = (torch.nn.Linear(4, 4, bias=False) for _ in range(3))
            self.act = torch.nn.SiLU()

        def forward(self, one, other):
            return self.down(self.act(self.gate(one)) * self.up(other))

    torch.manual_seed(3)
    module, products = Gated(), relevance._Products()
    module.act.register_forward_hook(products.activation)
    for linear in (module.gate, module.up, module.down):
        linear.register_forward_pre_hook(products.before_linear)
        linear.register_forward_hook(products.linear)
    one, other = (torch.randn(3, 4, requires_grad=True) for _ in range(2))
    whole = module(one, other).sum()
    whole.backward()
    shares = [(part * part.grad).sum().item() for part in (one, other)]
    assert shares == pytest.approx([whole.item() / 2] * 2)
    assert whole.item() != 0
