"""The bars: what a variant of a workload may cost, read from a table such as bench/bars."""

import operator

RELATIONS = {"<": operator.lt, "<=": operator.le}
# How a quantity is called in a variant's summary, and what its number is multiplied with.
QUANTITIES = {
    "wall": ("wall_ratio", 1),
    "cpu": ("cpu_ratio", 1),
    "trace": ("trace_bytes", 1e-6),
    "extra": ("extra_seconds", 1),
}


class Bar:
    def __init__(self, workload, variant, quantity, relation, limit):
        self.workload, self.variant, self.quantity = workload, variant, quantity
        self.relation, self.limit = relation, limit

    def concerns(self, workload, variant):
        return self.workload in ("*", workload) and self.variant == variant

    def text(self):
        return f"{self.quantity} {self.relation} {self.limit}"

    def _amount(self, variants, name):
        field, factor = QUANTITIES[self.quantity]
        amount = variants.get(name, {}).get(field)
        return None if amount is None else amount * factor

    def judge(self, variants):
        """Whether it holds; None where there is nothing to compare, since a variant was not run or failed."""
        amount = self._amount(variants, self.variant)
        try:
            limit = float(self.limit)
        except ValueError:
            limit = self._amount(variants, self.limit)
        if amount is None or limit is None:
            return None
        return RELATIONS[self.relation](amount, limit)


def read_bars(path):
    """Raises ValueError, which names the line."""
    bars = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 5 or words[2] not in QUANTITIES or words[3] not in RELATIONS:
            raise ValueError(f"{path}:{number}: not WORKLOAD VARIANT QUANTITY RELATION LIMIT: {line}")
        bars.append(Bar(*words))
    return bars


def judge(bars, workload, variants):
    """Adds to each variant's summary, under "bars", those that concern it, with whether they hold."""
    for name, summary in variants.items():
        summary["bars"] = [{"bar": bar.text(), "holds": bar.judge(variants)}
                           for bar in bars if bar.concerns(workload, name)]
