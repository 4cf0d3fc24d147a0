"""A desk by chance: every feature and trap, in a random mix from a seed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from tests.connectors.presets.chatwoot_desk import (
    OPEN,
    PENDING,
    RESOLVED,
    SNOOZED,
    Desk,
    Inbox,
    Talk,
)

STORED = ("text", "object", "null")
STEPS = {"customer": 8, "person": 9, "note": 2, "activity": 2, "automation": 2, "bot": 1,
         "greeting": 1, "assign": 3, "unassign": 0.4, "snooze": 0.6, "resolve": 2.5, "hand": 0.2,
         "campaign": 0.1}  # fmt: skip


class Chance:
    """Writes the life of conversations from a random source."""

    def __init__(self, seed: int, start: datetime, days: float) -> None:
        self.random = random.Random(seed)
        self.start, self.days = start, days
        self.desk = Desk()
        self.desk.teams = {1: (1, "售后"), 2: (1, "Presale"), 3: (2, "Other")}
        self._shop()

    def _shop(self) -> None:
        desk = self.desk
        self.inboxes = [
            desk.inbox("天猫旗舰店", channel="Api", bot=True), desk.inbox("Website"),
            desk.inbox("Website", channel="Email"), desk.inbox("Website"),
            desk.inbox("Captain", channel="Whatsapp", bot=True), desk.inbox("抖音", account=2),
        ]  # fmt: skip
        for number in range(12):
            desk.agent(f"agent {number}", team=self.random.choice([None, 1, 2]))
        for number in range(3):
            desk.agent(f"stranger {number}", account=2, team=3)

    def desk_of(self, talks: int) -> Desk:
        for _ in range(talks):
            self._talk()
        end = self.start + timedelta(days=self.days)
        self.desk.remove_agent(1, end - timedelta(days=self.days / 3))
        self.desk.number()
        return self.desk

    def _wait(self, median: float) -> timedelta:
        return timedelta(seconds=max(2.0, self.random.lognormvariate(0, 1.4) * median))

    def _talk(self) -> None:
        chance = self.random
        inbox = chance.choice(self.inboxes)
        at = self.start + timedelta(days=chance.random() * self.days)
        talk = self.desk.talk(inbox, at, PENDING if inbox.bot else OPEN)
        self._describe(talk)
        if chance.random() < 0.02:
            talk.states, talk.status = [(at, RESOLVED)], RESOLVED  # a blocked sender
            talk.says(at + timedelta(milliseconds=300), "customer")
        else:
            at = self._begin(talk, inbox, at)
            self._go_on(talk, at)
        self._forget(talk)

    def _describe(self, talk: Talk) -> None:
        chance = self.random
        talk.customer = chance.choice([None, f"member-{len(self.desk.talks)}"])
        talk.priority = chance.choice([None, None, 0, 1, 2, 3])
        number = f"SO{chance.randrange(10**6)}"
        talk.attributes = chance.choice(
            [None, {}, {"order_no": number}, {"order_no": ""}, {"other": "1"}]
        )
        talk.first_reply_noted = chance.random() < 0.9
        talk.labels = chance.choice([None, "", "退款", "late, refund"])
        own = [key for key, (account, _) in self.desk.teams.items()
               if account == talk.inbox.account]  # fmt: skip
        talk.team = chance.choice([None, *own])

    def _begin(self, talk: Talk, inbox: Inbox, at: datetime) -> datetime:
        chance = self.random
        kind = chance.random()
        if kind < 0.1:  # a campaign
            talk.campaign, talk.campaign_deleted = 5, chance.random() < 0.3
            talk.states, talk.status = [(at, OPEN)], OPEN
            talk.says(at + timedelta(milliseconds=200), "campaign", self._agent(talk))
            if chance.random() < 0.6:
                return at + timedelta(days=999)  # nobody reacts
            at += self._wait(9000)
        if kind < 0.13:
            return at  # opened by an agent
        talk.says(at + timedelta(milliseconds=100), "customer", stored=chance.choice(STORED))
        if talk.status == PENDING:
            return self._with_bot(talk, at, "captain" if inbox.name == "Captain" else "bot")
        return at

    def _with_bot(self, talk: Talk, at: datetime, voice: str) -> datetime:
        chance = self.random
        for _ in range(chance.randrange(4)):
            at += self._wait(20)
            talk.says(at, voice, stored=chance.choice(STORED))
            at += self._wait(60)
            talk.says(at, "customer")
        at += self._wait(40)
        end = chance.random()
        if end < 0.3:
            return at + timedelta(days=999)  # left with the bot
        if end < 0.6:
            talk.resolve(at, delay=self._wait(1))
            return at if chance.random() < 0.2 else at + timedelta(days=999)
        if end < 0.65:
            talk.becomes(at, OPEN)  # an agent took it: no event
        else:
            talk.hand_over(at)
        return at

    def _go_on(self, talk: Talk, at: datetime) -> None:
        chance = self.random
        end = self.start + timedelta(days=self.days)
        for step in chance.choices(list(STEPS), list(STEPS.values()), k=chance.randrange(14)):
            at += self._wait(chance.choice([30, 300, 4000]))
            if at > end:
                return
            if talk.status == RESOLVED and step != "customer" and chance.random() < 0.7:
                continue
            self._step(talk, step, at)

    def _step(self, talk: Talk, step: str, at: datetime) -> None:
        chance = self.random
        if step == "assign":
            talk.assign(at, self._agent(talk))
        elif step == "unassign":
            talk.assign(at, None)
        elif step == "snooze" and talk.status == OPEN:
            talk.becomes(at, SNOOZED)
        elif step == "hand" and talk.inbox.bot:
            talk.hand_over(at)
        elif step == "resolve" and talk.status != RESOLVED:
            talk.resolve(at, delay=self._wait(1))
            self._ask(talk, at + timedelta(seconds=1))
        elif step in ("customer", "person", "note", "activity", "automation", "bot", "greeting",
                      "campaign"):  # fmt: skip
            by_user = step in ("person", "note", "campaign")
            agent = self._agent(talk) if by_user or chance.random() < 0.4 else None
            line = talk.says(at, step, agent, stored=chance.choice(STORED))
            line.failed = chance.random() < 0.02
            self._tell(talk, step, at, agent)
            if step != "automation" and chance.random() < 0.03:
                line.deleted_at = at + self._wait(100)
            if step == "customer" and talk.status in (RESOLVED, SNOOZED):
                talk.becomes(at, OPEN)
                talk.tells("conversation_opened", at, since=at - self._wait(600))

    def _tell(self, talk: Talk, step: str, at: datetime, agent: int | None) -> None:
        if step == "person" and [x.by for x in talk.lines].count("person") == 1:
            talk.tells("first_response", at, agent)
        elif step == "person":
            talk.tells("reply_time", at, agent, since=at - self._wait(60))
        elif step == "note":
            talk.tells("conversation_noted", at, agent)  # of a version to come

    def _ask(self, talk: Talk, at: datetime) -> None:
        chance = self.random
        if chance.random() < 0.4 or any(line.by == "survey" for line in talk.lines):
            return
        line = talk.survey(at)
        if chance.random() < 0.15:
            line.deleted_at = at + self._wait(7000)
        if chance.random() < 0.1:
            line.gone_at = at + self._wait(7000)
        if chance.random() < 0.5:
            at += self._wait(600)
            rating = talk.rate(line, at, chance.randrange(1, 6))
            if chance.random() < 0.3:
                rating.scores.append((at + self._wait(4000), chance.randrange(1, 6)))

    def _forget(self, talk: Talk) -> None:
        """Some conversations lose old messages to a clean-up, some go altogether."""
        chance = self.random
        last = max([at for at, _ in talk.states] + [line.at for line in talk.lines])
        if chance.random() < 0.03:
            keep = chance.choice(talk.lines).at if talk.lines and chance.random() < 0.5 else last
            for line in talk.lines:
                if line.at <= keep:
                    line.gone_at = last + self._wait(50)
        if chance.random() < 0.02:
            talk.deleted_at = last + self._wait(4000)

    def _agent(self, talk: Talk) -> int:
        own = [agent.id for agent in self.desk.agents if agent.account == talk.inbox.account]
        return self.random.choice(own)
