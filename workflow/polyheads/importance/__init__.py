"""How much each head matters: one module for each ranking method, named after it.

Every method's module has ``score(model, sentences, *, layout, shape, batch_size, device)``, which
gives the raw scores of all heads, (layers, heads), the least important lowest. The model is put
into evaluation mode; arithmetic is float32. A method that draws something also takes a ``seed``,
0 where none is given. ``polyheads.catalogue.methods`` says what the methods
are; ``scores`` calls one, ``rankings`` and ``orders`` make an order of all heads of its scores.

Nothing is imported here: a rule follows the module of its method alone, so that a change of one
method makes no other method's scores again.
"""
