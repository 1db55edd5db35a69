"""Policy gradients: REINFORCE (mean, quantile, max@k) and PPO-clip, then exact improvement by simulated play.

One generation: fresh instances are drawn, a few episodes of each are sampled, every decision gets an advantage (how
much better its return was than expected), and the network is moved so that good decisions become likelier. Definitions
and references: specs/agents.md, section 1.2; specs/buchberger.md, section 2.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mathrl.agent import Agent, Task
from mathrl.env import Rows, SearchEnv, Streams
from mathrl.errors import MathrlError
from mathrl.registry import AgentPlugin
from mathrl.rollout import replay, sample
from mathrl.settings import knob

if TYPE_CHECKING:
    from mathrl.budget import Budget
    from mathrl.improvement import Comparison
    from mathrl.solution import Solution
    from mathrl.training import Run
    from mathrl.trajectories import Trajectories

Floats = NDArray[np.float64]
COPIES = 4096  # polish: rows that try actions at once


@dataclass(frozen=True)
class Config:
    mode: Literal["ppo", "reinforce"] = knob("ppo", "ppo: clipped ratios, several passes; reinforce: one exact step")
    objective: Literal["mean", "quantile", "max@k"] = knob(
        "mean", "what of an instance's samples to raise: their mean, their upper quantile, or the best of k"
    )
    eps: float = knob(0.05, "quantile: the share of samples that count", 0, 1)
    k: int = knob(8, "max@k: samples whose best one counts", 1)
    baseline: Literal["auto", "none", "value", "family"] = knob(
        "auto", "expected returns: none (the other samples), value (network), family (hand-made strategies)"
    )
    instances: int = knob(100, "instances drawn a generation", 1)
    samples: int = knob(1, "episodes of each instance", 1)
    tasks: int = knob(
        1, "pieces that a generation is cut into for workers; changes the numbers, the workers do not", 1, 1000
    )
    steps: int = knob(0, "the most steps of an episode, 0 for no limit", 0)
    hidden: tuple[int, ...] = knob((96,), "hidden layers of the network", 1)
    pool: Literal["mean", "context"] = knob("context", "sets: what elements know of each other besides the context")
    attention: bool = knob(False, "sets: one block of self-attention between the elements")
    init: Literal["torch", "glorot", "normal"] = knob("normal", "initial weights")
    generations: int = knob(0, "generations until the learning rate has fallen and training ends; 0: endless", 0)
    lr: float = knob(2e-3, "learning rate of Adam, falling linearly to 5 % over the generations", 0)
    passes: int = knob(8, "ppo: passes over a generation's decisions", 1)
    minibatch: int = knob(512, "decisions a gradient step", 1)
    ratio: float = knob(0.2, "ppo: largest change of a probability's ratio that is rewarded", 0)
    kl: float = knob(0.02, "ppo: no further pass once the mean of old minus new log-probability is above, 0: never", 0)
    gamma: float = knob(1.0, "discount; 1: the score does not depend on when", 0, 1)
    lam: float = knob(0.95, "weight of longer differences in the advantages", 0, 1)
    lam_last: float = knob(0.95, "what lam becomes, linearly, by half of the generations: 1 has no bias", 0, 1)
    entropy: float = knob(0.0, "entropy bonus, nats", 0)
    value_weight: float = knob(0.5, "weight of the value's squared error", 0)
    clip: float = knob(1.0, "largest norm of the gradient, 0 for no limit", 0)
    average: float = knob(0.97, "decay a generation of the averaged weights that play greedily", 0, 1)
    precision: Literal["float32", "bf16"] = knob("float32", "matrix products of updates; bf16 is faster")
    polish: int = knob(0, "generations of exact improvement by simulated greedy play after the others", 0)
    polish_states: int = knob(600, "polish: states a generation", 1)
    polish_mass: float = knob(0.95, "polish: try a state's likeliest actions up to this probability; 1: all", 0, 1)
    polish_lr: float = knob(3e-4, "polish: learning rate, falling linearly to 10 %", 0)
    polish_passes: int = knob(4, "polish: passes over a generation's states", 1)
    polish_minibatch: int = knob(512, "polish: states a gradient step", 1)
    polish_entropy: float = knob(0.0, "polish: entropy bonus, nats", 0)


class PolicyGradient(Agent):
    """REINFORCE or PPO on drawn instances (train), or on given ones (solve); a network for every family."""

    Config = Config
    searches = True

    def bind(self, env: SearchEnv) -> None:
        from mathrl.advantages import Calibration, Standardisation
        from mathrl.learner import Learner
        from mathrl.policies import Policy

        config = self.config
        self.baseline, self.alone = self._baseline(env), _single(env)
        if config.polish and not config.generations:
            raise MathrlError("agent.polish comes after agent.generations, which must be given")
        settings: dict[str, Any] = {"init": config.init, "value": self.baseline == "value"}
        if env.kind == "set":
            settings.update(pool=config.pool, attention=config.attention)
        policy, average = (Policy(env, config.hidden, self.device, self.seed, **settings) for _ in range(2))
        self.learner = Learner(
            policy, average, config.minibatch, config.clip, config.value_weight, config.precision == "bf16"
        )
        self.expected = Calibration() if self.baseline == "family" else Standardisation()
        self.spread = 0.0  # polish: running mean square of gains
        self.given: list[Any] = []
        self._arenas: dict[tuple[str, int], SearchEnv] = {}

    def _baseline(self, env: SearchEnv) -> str:
        """Which baseline is meant: none where whole episodes are weighed against each other."""
        named, offered = self.config.baseline, hasattr(env, "baseline")
        if named == "family" and not offered:
            raise MathrlError("this environment has no hand-made strategy as a baseline; use agent.baseline=value")
        if self.config.objective != "mean":
            return "none"
        return str(named) if named != "auto" else "family" if offered else "value"

    # ------------------------------------------------------------------------------------------------- playing

    def act(self, env: SearchEnv, rows: Rows, rng: np.random.Generator, greedy: bool = True) -> NDArray[np.int64]:
        """The likeliest legal action under the averaged weights (the first of equals), or a sampled one: int64[R]."""
        chances = self.learner.average.probabilities(env, rows, env.masks(rows))
        return chances.argmax(1) if greedy else sample(chances, rng)

    def work(self, env: SearchEnv, task: Task) -> Trajectories | Comparison:
        """Play a task's episodes with the present policy; in the polish, compare the actions of states met."""
        from mathrl.improvement import compare, visited
        from mathrl.trajectories import collect

        config, numbers = self.config, self.numbers(task)
        distinct, which = np.unique(numbers, return_inverse=True)
        drawn = self.instances(env, task.generation, distinct)
        arena, rows, rng = self._arena(env, "episodes", len(numbers)), np.arange(len(numbers)), task.rng()
        arena.begin(rows, [drawn[int(index)] for index in which])
        if self._polishes(task.generation):
            states = self._arena(env, "states", -(-config.polish_states * task.size // config.instances))
            some = visited(arena, rows, self.learner.policy, rng, states, config.steps)
            return compare(states, some, self.learner.policy, self._arena(env, "copies", COPIES), config.polish_mass)
        return collect(arena, rows, self.learner.policy, rng, self.baseline, config.steps)

    def _arena(self, env: SearchEnv, use: str, rows: int) -> SearchEnv:
        """Rows for one use, kept from one task to the next: what has grown stays so, and memory is warm."""
        if (use, rows) not in self._arenas:
            self._arenas[use, rows] = env.resized(rows)
        return self._arenas[use, rows]

    def numbers(self, task: Task) -> NDArray[np.int64]:
        """Which instance of the generation (or of those given) each episode of a task is of: int64[R]."""
        total, pieces = self.config.instances, self.config.tasks
        before = task.index * (total // pieces) + min(task.index, total % pieces)
        every = np.repeat(np.arange(before, before + task.size), self.config.samples)
        return every if not self.given else (before * self.config.samples + np.arange(len(every))) % len(self.given)

    def instances(self, env: SearchEnv, generation: int, numbers: NDArray[np.int64]) -> Sequence[Any]:
        """The instances of these numbers; their streams are not those that the same seed draws for a test."""
        if self.given:
            return [self.given[int(number)] for number in numbers]
        own = int(np.random.SeedSequence(self.seed, spawn_key=(3,)).generate_state(1, np.uint64)[0] >> 1)
        return env.draw(Streams(np.full(len(numbers), own), numbers, np.full(len(numbers), generation)))

    # ------------------------------------------------------------------------------------------------ learning

    def train(self, env: SearchEnv, run: Run, budget: Budget) -> None:
        """Sample episodes, estimate advantages, move the policy; after `generations` of that, polish."""
        config = self.config
        while not budget.spent and not (config.generations and run.generation >= config.generations + config.polish):
            tasks, rng = run.tasks(config.instances, config.tasks), run.stream(10**6)
            spent, parts = env.meter.evaluations, run.map(tasks)
            facts = {"cost": (env.meter.evaluations - spent) / (config.instances * config.samples)}
            if self._polishes(run.generation):
                facts |= self.improve(parts, run.generation, rng)
            else:
                numbers = np.concatenate([self.numbers(task) for task in tasks])
                facts |= self.learn(env, parts, numbers, run, rng)
            self.learner.follow(min(config.average, (1 + run.generation) / (10 + run.generation)))
            run.log(**facts)

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """Learning is the search: train on the given instances, then play each greedily."""
        self.given = list(instances)
        self.train(env, run, budget)
        self.sweep(env, instances, run)
        return run.solutions

    def learn(
        self, env: SearchEnv, parts: list[Any], numbers: NDArray[np.int64], run: Run, rng: np.random.Generator
    ) -> dict[str, float]:
        """One generation on the episodes of all tasks, of instances `numbers` int64[R]."""
        from mathrl.trajectories import Trajectories

        config, played = self.config, Trajectories.joined(parts)
        self._offer(env, played, numbers, run)
        scores = played.scores[np.isfinite(played.scores)]
        facts = {"mean": float(scores.mean()) if len(scores) else float("nan"), "length": float(played.lengths.mean())}
        if self.baseline == "none":
            advantages, targets = self.of_groups(env, played, numbers), np.zeros(len(played.decisions))
        else:
            advantages, targets, facts["r2"] = self.of_steps(played, numbers, run.generation)
        if not len(advantages) or (self.baseline == "family" and self.expected.batches <= 3):
            return facts  # the first batches only fit the baseline
        rate = _falling(config.lr, 0.05, run.generation, config.generations)
        learned = (played.decisions, advantages, targets)
        if config.mode == "reinforce":
            facts |= self.learner.reinforce(*learned, len(played.lengths), rate, config.entropy)
        else:
            advantages -= advantages.mean()
            advantages /= advantages.std() + 1e-8
            facts |= self.learner.ppo(*learned, rng, rate, config.entropy, config.passes, config.ratio, config.kl)
        return facts

    def _offer(self, env: SearchEnv, played: Trajectories, numbers: NDArray[np.int64], run: Run) -> None:
        """Hand in what was found, where there is a problem to solve and not a distribution to train on."""
        if not self.given and not _single(env):
            return
        generation = run.generation

        def solution(index: int) -> Solution:
            instance = self.instances(env, generation, numbers[index : index + 1])[0]
            return replay(env, played.actions[index], instance).solution(0)

        run.offer(np.nan_to_num(played.scores, nan=-np.inf), solution, numbers if len(self.given) > 1 else None)

    def of_groups(self, env: SearchEnv, played: Trajectories, numbers: NDArray[np.int64]) -> Floats:
        """Advantages float64[N] of whole episodes among those of their instance, by the objective.

        Where there is one problem, or one sample an instance, the whole generation is one group.
        """
        from mathrl.advantages import leave_one_out, max_at_k, risk_seeking

        config, scores = self.config, played.finite_scores()
        alone = config.samples == 1 and not self.given
        groups = np.zeros_like(numbers) if alone or _single(env) else numbers
        least, result = config.k if config.objective == "max@k" else 2, np.empty(len(scores))
        for group in np.unique(groups):
            mine = np.flatnonzero(groups == group)
            if len(mine) < least:
                raise MathrlError(
                    f"agent.objective={config.objective} needs agent.samples={least} or more, episodes of each instance"
                )
            if config.objective == "mean":
                result[mine] = leave_one_out(scores[mine])
            elif config.objective == "quantile":
                result[mine] = risk_seeking(scores[mine], config.eps)
            else:
                result[mine] = config.k * max_at_k(scores[mine], config.k)
        advantages: Floats = result[played.decisions.episode]
        return advantages

    def of_steps(
        self, played: Trajectories, numbers: NDArray[np.int64], generation: int
    ) -> tuple[Floats, Floats, float]:
        """Advantages float64[N] by the baseline, the network's targets float64[N], and the R^2 of the baseline.

        The baseline is that of earlier generations, and learns from this one afterwards.
        """
        from mathrl.advantages import Standardisation, gae, returns_to_go, siblings

        config, rewards = self.config, played.finite_rewards()
        regressors, last = played.regressors, played.final
        if config.samples > 1 and not self.given and not self.alone:
            beside, behind = siblings(rewards, played.lengths, numbers)
            regressors = np.concatenate([regressors, beside[:, None] * regressors], axis=1)
            last = np.concatenate([last, behind[:, None] * last], axis=1)
        values, final = self.expected.predict(regressors), self.expected.predict(last)
        returns = returns_to_go(rewards, final, played.lengths, config.gamma)
        if not len(returns):
            return returns, returns, float("nan")
        self.expected.fit(regressors, returns)
        lam = _rising(config.lam, config.lam_last, generation, config.generations)
        advantages = gae(rewards, values, final, played.lengths, config.gamma, lam)
        targets = self.expected.targets(returns) if isinstance(self.expected, Standardisation) else returns
        spread = float(returns.var())
        fit = 1 - float(np.square(returns - values).mean()) / spread if spread > 1e-9 else float("nan")
        return advantages[played.at], targets[played.at], fit

    def improve(self, parts: list[Any], generation: int, rng: np.random.Generator) -> dict[str, float]:
        """One generation of the polish: raise the expected gain over the greedy action, at all states met."""
        from mathrl.improvement import Comparison

        config, compared = self.config, Comparison.joined(parts)
        states = len(compared.decisions)
        if not states:
            return {"states": 0.0}
        tried = compared.gains[np.isfinite(compared.gains) & (compared.gains != 0)]
        square = float(np.square(tried).mean()) if len(tried) else self.spread
        self.spread = square if self.spread == 0 else 0.9 * self.spread + 0.1 * square
        gains = np.clip(compared.gains / (np.sqrt(self.spread) + 1e-12), -4, 4)
        rate = _falling(config.polish_lr, 0.1, generation - config.generations, config.polish)
        best = float(np.nanmax(compared.gains, 1).mean())  # what the best first action would gain, on average
        facts = self.learner.expected_gain(
            compared.decisions,
            gains,
            rng,
            rate,
            config.polish_entropy,
            config.polish_passes,
            config.polish_minibatch,
        )
        return {"states": float(states), "gain": best, **facts}

    def _polishes(self, generation: int) -> bool:
        return bool(self.config.polish) and generation >= self.config.generations

    def warm(self, env: SearchEnv) -> None:
        """Load the libraries and compile the paths of a tiny generation, on a copy that is thrown away."""
        small = replace(self.config, instances=4, tasks=1, samples=2, polish_states=4, objective="mean")
        copy, nothing = PolicyGradient(small, self.device, self.seed), np.random.default_rng(0)
        copy.bind(env)
        played: Any = copy.work(env, Task(self.seed, 0, 0, 4))
        advantages = np.zeros(len(played.decisions))
        if copy.baseline != "none":
            copy.of_steps(played, np.repeat(np.arange(4), 2), 0)
        if len(advantages):
            copy.learner.ppo(played.decisions, advantages, advantages, nothing, 0.0, 0.0, 1)
        if small.polish:
            copy.improve([copy.work(env, Task(self.seed, small.generations, 0, 4))], small.generations, nothing)

    # -------------------------------------------------------------------------------------- workers and resuming

    def parameters(self) -> dict[str, Any]:
        return {"weights": self.learner.policy.weights(), "given": self.given}

    def receive(self, parameters: dict[str, Any]) -> None:
        self.learner.policy.set_weights(parameters["weights"])
        self.given = parameters["given"]

    def state(self) -> dict[str, Any]:
        return {"learner": self.learner.state(), "expected": self.expected.state(), "spread": self.spread}

    def restore(self, state: dict[str, Any]) -> None:
        try:
            self.learner.restore(state["learner"])
            self.expected.restore(state["expected"])
            self.spread = float(state["spread"])
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise MathrlError(f"the checkpoint is of another problem or network ({type(error).__name__})") from None

    def trained(self) -> dict[str, Any]:
        return {"average": self.learner.average.net.state_dict()}

    def adopt(self, trained: dict[str, Any]) -> None:
        try:
            self.learner.adopt(trained["average"])
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise MathrlError(f"the model is of another problem or network ({type(error).__name__})") from None


def _single(env: SearchEnv) -> bool:
    """Whether all episodes are of one and the same problem."""
    return env.one_problem or type(env).draw is SearchEnv.draw


def _falling(rate: float, last: float, step: int, steps: int) -> float:
    """A rate that falls linearly to the share `last` at the last of `steps` steps; constant if there is no last one."""
    return rate * (1 - (1 - last) * step / max(steps - 1, 1)) if steps else rate


def _rising(first: float, last: float, step: int, steps: int) -> float:
    """A number that moves linearly to `last` over the first half of `steps` steps; constant if there is no last one."""
    return first + (last - first) * min(1.0, 2 * step / max(steps - 1, 1)) if steps else first


PLUGIN = AgentPlugin("policy-gradient", PolicyGradient, "REINFORCE or PPO with a network, then exact improvement")
