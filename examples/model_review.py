"""
A machine learning loop with a person: label, train, evaluate, ask, repeat.

Each round labels a few more texts, trains a small classifier on all of them and measures it. Then a person decides
whether the model ships, or learns from another round. When all texts are labelled, the loop ends with the best model.

    stepwell run examples/model_review.py --id review

and in another terminal, once for each round:

    stepwell workflows instances send-event ModelReview review --type review-1 --payload '{"ship": false}'
    stepwell workflows instances send-event ModelReview review --type review-2 --payload '{"ship": true}'
"""

from collections import Counter

from workers import WorkflowEntrypoint

UNLABELLED = [
    "great tea, would buy again",
    "the milk was sour and the shop rude",
    "lovely bread, friendly people",
    "rude people and stale bread",
    "great people, lovely tea",
    "sour tea, stale milk",
]
TEST = [("lovely people", "good"), ("stale and sour", "bad"), ("great bread", "good"), ("rude", "bad")]
GOOD_WORDS = {"great", "lovely", "friendly"}


class ModelReview(WorkflowEntrypoint):
    """One model, from the first labels to the decision."""

    async def run(self, event, step):
        """Parameters: ``per_round``, how many texts are labelled in a round; ``timeout`` of each question."""
        params = event["payload"] or {}
        per_round = params.get("per_round", 2)
        labelled, best, number = [], None, 0
        while len(labelled) < len(UNLABELLED):
            number += 1
            labelled += await self.label(step, number, UNLABELLED[len(labelled) : len(labelled) + per_round])
            model = await self.train(step, number, labelled)
            score = await self.evaluate(step, number, model)
            if best is None or score > best["score"]:
                best = {"round": number, "score": score, "words": len(model)}
            if await self.wants_to_ship(step, number, score, params.get("timeout", "1 day")):
                return {"shipped": True, **best, "labelled": len(labelled)}
        return {"shipped": False, **best, "labelled": len(labelled)}

    async def label(self, step, number, texts):
        """Label *texts*. Labels cost money: what has been labelled is not labelled again."""

        @step.do(f"label {number}", config={"retries": {"limit": 3, "delay": "1 second"}})
        async def label():
            return [[text, "good" if GOOD_WORDS & words_of(text) else "bad"] for text in texts]

        return await label()

    async def train(self, step, number, labelled):
        """Count in how many good and bad texts each word stands."""

        @step.do(f"train {number}", config={"timeout": "1 hour"})
        async def train():
            weights = Counter()
            for text, label in labelled:
                for word in words_of(text):
                    weights[word] += 1 if label == "good" else -1
            return dict(weights)

        return await train()

    async def evaluate(self, step, number, model):
        """Measure the share of the test texts that *model* labels as a person does."""

        @step.do(f"evaluate {number}")
        async def evaluate():
            right = sum(guess(model, text) == label for text, label in TEST)
            print(f"Round {number}: {right} of {len(TEST)} right. Ship it? Send an event of type review-{number}.")
            return right / len(TEST)

        return await evaluate()

    async def wants_to_ship(self, step, number, score, patience):
        """Ask a person. Each round has a type of event of its own: a late answer decides on no other round."""
        try:
            answer = await step.wait_for_event(f"review {number}", f"review-{number}", timeout=patience)
        except Exception as error:  # noqa: BLE001 - what a timeout raises differs between Cloudflare and elsewhere
            print(f"No answer for round {number} ({error}); its score was {score}.")
            return False
        return bool(answer["payload"].get("ship"))


def guess(model, text):
    """Label *text* as *model* would."""
    return "good" if sum(model.get(word, 0) for word in words_of(text)) > 0 else "bad"


def words_of(text):
    """Split *text* into words."""
    return set(text.replace(",", "").split())
