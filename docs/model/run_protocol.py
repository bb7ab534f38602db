"""Explores every interleaving of Millrace's run protocol (docs/protocol.md) for one run, within bounds.

usage: pypy3 run_protocol.py [bound=N ...] [no-RULE ...] [OPTION ...]       (python3 does, at a fifth of the speed)

Bounds, rules and options are the first three tables below. "Stuck" is a state from which the run does not come to rest by
what must happen: faults and free choices (a crash, a new input, suspending, closing) do not count as a way out. At rest: closed,
and the parent was told; parked; or nothing in the inbox is unfolded, and the run is suspended or has a living holder.
An expiry is a lease that runs out while its worker lives (paused, cut off). I4: head active => its token, or a wake that
names it, is unacked. A state at a bound counts as fine.

Nothing is stuck, and I4 holds, with all rules (seconds to minutes each):
  crashes=1                     expiries=1 frames=3 wakes=1  inputs=2 wakes=1 frames=3
  inputs=0 terminates=1 crashes=1 parks=1 frames=3 wakes=1   inputs=0 cancels=1 crashes=1 parks=1 frames=3 wakes=1
  adoptown expiries=1 frames=3 wakes=1
  suspicions=1 crashes=1 frames=3 wakes=2                    suspicions=2 inputs=0 frames=4 wakes=3
A suspicion is a wake for a token that is put by a peer of its holder ("Take over fast"), at any time: the holder may be well.
forgets=1: never stuck; I4 breaks when a message is forgotten in the hands of a worker that has yet to look at it.
What the rules are for, each with frames=3 wakes=1 and
  no fault        no-check no-poke no-lazyread
  crashes=1       no-acklocal no-wakefirst no-nakrest no-readafter no-exchange no-retell no-tellfirst
  expiries=1      no-surelease (I4 only)
  inputs=0 cancels=1 parks=1                   no-endparked, casidle
  inputs=0 terminates=1 crashes=1              no-endfirst, casidle no-endfirst
no-framedack shows nothing in bounds as small as these; the rules of forgets were not switched off one by one here.

Two rules are kept in another way than they are written here, with the same effect. endfirst, endparked: before a client closes a run,
the broker has its order to wake that run some seconds later (src/client/stop-run.ts). surelease: a message that waited in a
process for so long that its lease may have run out counts as redelivered (KeptMessage.aged).
"""

import sys
from collections import defaultdict, deque
from time import time
from typing import NamedTuple, Optional

BOUNDS = dict(
    inputs=1,  # signals, cancel requests, outcomes of children, due timers: plain inputs
    workers=2,
    crashes=0,  # of a worker or of the client that terminates, at any point
    expiries=0,  # leases that run out while their worker lives: it was paused, or cut off
    suspicions=0,  # peers that take a holder for gone, rightly or not, by whatever head they have read
    forgets=0,  # the broker hands a message out as if for the first time, delivered or acked before
    wakes=2,
    frames=4,
    cancels=0,
    terminates=0,
    parks=0,
)
RULES = dict(
    check="read the inbox after Suspended, and put a wake if something is new",
    wakefirst="put that wake before the run leaves the table and its token is acked",
    nakrest="what was handed over after that wake was written is given back, not acked",
    lazyread="a run that was started unread reads its inbox after its first frame",
    readafter="an activation reads its inbox after Activated, not only before",
    framedack="what was handed over is acked with a frame, not by finding that there is nothing to fold",
    acklocal="ack what was handed over when it is folded, not at once",
    poke="the holder that says held reads its inbox again",
    exchange="a redelivered message never becomes a token",
    retell="a closing token that comes again tells the parent again",
    tellfirst="tell the parent before the closing token is acked",
    endfirst="a client that ends a run puts an input first; it tells the parent when it meets a closed head",
    endparked="that input closes a parked run",
    surelease="who took a run up by a message that it may have lost meanwhile (paused) puts a wake for it",
    adopt="a holder takes its own token that the broker forgot",
    guard="another worker keeps a token that the broker forgot",
    stale="a stale message is no token beside a head",
)
OPTIONS = dict(
    casidle="a client closes suspended and parked runs itself, in the name of the token that they had",
    ask="somebody who waits asks after the holder, and puts a wake when it is gone",
    adoptown="a holder takes its own redelivered token for its token",
)


class Head(NamedTuple):
    """The last frame: `frames` of them are there, `folded` is the last message of the inbox that they cover."""

    status: str = "none"
    writer: int = -1
    token: int = -1
    epoch: int = 0
    folded: int = 0
    frames: int = 0


class Message(NamedTuple):
    kind: str  # new, input, wake, end (an input that ends the run)
    state: str = "pending"  # pending, out, acked
    owner: int = -1
    tainted: int = 0  # 1: redelivered, 2: came anew after the broker forgot
    replaces: frozenset = frozenset()


class Look(NamedTuple):
    """A message in the hands of a worker that has not settled it. `head` is what it read, once it did."""

    worker: int
    message: int
    tainted: int
    head: Optional[Head] = None
    seen: int = 0


class Hold(NamedTuple):
    """A run in a worker's table. stage: run, fold; look, looked, leave after Suspended; tell, park."""

    stage: str
    at: int  # the frame that its next one follows
    token: int
    epoch: int
    folded: int
    read: bool = True  # knows that it has to read its inbox
    poked: bool = False  # the lease thread said held; this thread does not know yet
    seen: int = 0
    handed: frozenset = frozenset()
    named: frozenset = frozenset()  # those that the wake after Suspended names


class State(NamedTuple):
    head: Head
    messages: tuple
    looks: frozenset
    holds: tuple
    acks: frozenset  # (worker, token, epoch) that left the table, its ack not sent
    told: bool  # the parent has been told of the end
    client: Optional[tuple]  # (wish, head that it read)
    left: tuple  # of each bound


BOUND_NAMES = "inputs", "crashes", "expiries", "suspicions", "forgets", "wakes", "cancels", "terminates", "parks"


def options(arguments):
    """Bounds and the rules that are on."""
    bounds, on = dict(BOUNDS), set(RULES)
    for argument in arguments:
        name, _, value = argument.partition("=")
        if value and name in BOUNDS:
            bounds[name] = int(value)
        elif name.startswith("no-") and name[3:] in RULES:
            on.discard(name[3:])
        elif name in OPTIONS:
            on.add(name)
        else:
            sys.exit(f"{argument}? Bounds {BOUNDS}; no- one of {list(RULES)}; {list(OPTIONS)}")
    return bounds, on


bounds, on = options(sys.argv[1:])
WORKERS, FRAMES = range(bounds["workers"]), bounds["frames"]
NOTHING = frozenset()
IDLE = "suspended", "parked"


def put(items, index, value):
    return items[:index] + (value,) + items[index + 1 :]


def spend(s, name):
    index = BOUND_NAMES.index(name)
    return s._replace(left=put(s.left, index, s.left[index] - 1))


def left(s, name):
    return s.left[BOUND_NAMES.index(name)]


def change(s, m, **fields):
    return s._replace(messages=put(s.messages, m, s.messages[m]._replace(**fields)))


def ack(s, m):
    return change(s, m, state="acked", owner=-1)


def give_back(s, messages):
    for m in messages:
        if s.messages[m].state == "out":
            s = change(s, m, state="pending", owner=-1, tainted=1)
    return s


def wake(s, replaces):
    message = Message("wake", replaces=frozenset(replaces))
    return spend(s, "wakes")._replace(messages=s.messages + (message,))


def hold(s, w, value):
    return s._replace(holds=put(s.holds, w, value))


def news(s, folded, upto):
    """What the inbox holds after `folded`."""
    return {m for m in range(folded + 1, upto + 1) if s.messages[m].kind in ("input", "end")}


def told_to_end(s, folded):
    return any(m.kind == "end" for m in s.messages[: folded + 1])


def last(s):
    return len(s.messages) - 1


def speaks(s, m, token):
    return m == token or token in s.messages[m].replaces


def steps(s):
    """Yields (label, next state, whether it must happen: faults and choices need not)."""
    yield from environment(s)
    for look in s.looks:
        yield from (settle if look.head else receive)(s, look)
    for w in WORKERS:
        if s.holds[w]:
            yield from go_on(s, w)
    for ready in s.acks:
        yield f"w{ready[0]} acks {ready[1]}", ack(s, ready[1])._replace(acks=s.acks - {ready}), True


def environment(s):
    head = s.head
    # Workers are alike: while none has anything in its hands, the first one stands for all.
    busy = s.looks or s.acks or any(s.holds) or any(m.state == "out" for m in s.messages)
    if left(s, "inputs") and head.status != "closed":
        yield "input", spend(s, "inputs")._replace(messages=s.messages + (Message("input"),)), False
    for m, message in enumerate(s.messages):
        if message.state == "pending":
            for w in WORKERS if busy else (0,):
                if any(look[:2] == (w, m) for look in s.looks):
                    continue
                look = Look(w, m, message.tainted)
                t = change(s, m, state="out", owner=w)
                yield f"deliver {message.kind}{m} w{w}", t._replace(looks=s.looks | {look}), True
        if message.state == "out":
            w, h = message.owner, s.holds[message.owner]
            kept = any(look[:2] == (w, m) for look in s.looks) or any(a[:2] == (w, m) for a in s.acks)
            if h and (h.token == m or m in h.handed):
                kept = True
            if not kept:
                yield f"expire {m}", change(s, m, state="pending", owner=-1, tainted=1), True
            elif left(s, "expiries"):
                t = change(spend(s, "expiries"), m, state="pending", owner=-1, tainted=1)
                yield f"spurious expire {m}", t, False
        if message.state != "pending" and left(s, "forgets"):
            yield f"forget {m}", change(spend(s, "forgets"), m, state="pending", owner=-1, tainted=2), False
    if left(s, "crashes"):
        for w in WORKERS:
            looks = frozenset(look for look in s.looks if look.worker != w)
            acks = frozenset(a for a in s.acks if a[0] != w)
            if s.holds[w] or looks != s.looks or acks != s.acks:
                t = hold(spend(s, "crashes"), w, None)
                yield f"crash w{w}", t._replace(looks=looks, acks=acks), False
        if s.client:
            yield "client dies", spend(s, "crashes")._replace(client=None), False
    if "ask" in on and head.status == "active" and s.messages[head.token].state == "acked":
        h = s.holds[head.writer]
        named = any(m.state != "acked" and head.token in m.replaces for m in s.messages)
        if not (h and h.epoch == head.epoch) and not named:
            yield "ask: holder gone, wake", wake(s, {head.token}), True
    if left(s, "suspicions"):
        # A peer read a head once that named this token, thinks that its holder is gone, and puts its wake now, however late.
        for m in range(len(s.messages)):
            if s.messages[m].kind in ("new", "wake"):
                yield f"suspect holder of {m}, wake", wake(spend(s, "suspicions"), {m}), False
    yield from client(s)


def client(s):
    """Somebody cancels or terminates: it closes the run by CAS where nobody holds it, or wants to fence who does."""
    head = s.head
    if s.client is None:
        for wish in "cancel", "terminate":
            if left(s, wish + "s") and head.status != "closed":
                t = spend(s, wish + "s")
                if "endfirst" in on:
                    t = t._replace(messages=t.messages + (Message("end"),))
                yield f"client reads to {wish}", t._replace(client=(wish, head)), False
        return
    wish, read = s.client
    if wish == "wake":
        yield "client puts wake", wake(s, {read.token})._replace(client=None), True
    elif head.status == "closed":
        yield "client sees it closed", s._replace(client=None), True
    elif head.frames != read.frames:
        yield "client looks again", s._replace(client=(wish, head)), True
    elif wish == "cancel" and read.status == "active" or read.status in IDLE and not closes_idle(wish, read):
        messages = s.messages if "endfirst" in on else s.messages + (Message("end"),)
        yield "client leaves it to the holder", s._replace(client=None, messages=messages), True
    else:
        token = 0 if read.status == "none" else read.token
        closed = Head("closed", -1, token, read.epoch + 1, read.folded, read.frames + 1)
        after = ("wake", closed) if read.status == "active" else None
        yield f"client closes ({read.status})", s._replace(head=closed, client=after), True


def closes_idle(wish, read):
    return "casidle" in on and (wish == "terminate" or read.status == "parked")


def receive(s, look):
    """A message arrives at a worker: its own table first."""
    w, m, tainted = look[:3]
    rest = s._replace(looks=s.looks - {look})
    h = s.holds[w]
    if h and m == h.token and (tainted != 1 or "adoptown" in on) and "adopt" in on:
        yield f"w{w} adopts {m}", rest, True
    elif h and not speaks(s, m, h.token):
        if "acklocal" in on:
            yield f"w{w} is handed {m}", hold(rest, w, h._replace(read=True, handed=h.handed | {m})), True
        else:
            yield f"w{w} is handed {m}, acks it", hold(ack(rest, m), w, h._replace(read=True)), True
    elif h:
        yield f"w{w} gives up", hold(give_back(s, h.handed), w, None), True
    elif s.messages[m].kind == "new" and not tainted:
        h = Hold("run", 0, 0, 1, 0, read="lazyread" in on)
        yield f"w{w} starts unread", hold(rest, w, h), True
    else:
        t = rest._replace(looks=rest.looks | {look._replace(head=s.head, seen=0 if "readafter" in on else last(s))})
        yield f"w{w} reads head {m}", t, True


def settle(s, look):
    """The table "What a worker does with a message", by the head that was read."""
    w, m, tainted, head, seen = look
    message = s.messages[m]
    rest = s._replace(looks=s.looks - {look})
    again = rest._replace(looks=rest.looks | {Look(w, m, tainted)})
    own = speaks(s, m, head.token)

    def exchange(label):
        active = {head.token} if head.status == "active" else NOTHING
        return f"w{w} {label} {m}", ack(wake(rest, message.replaces | {m} | active), m), True

    if s.holds[w]:
        yield f"w{w} looks again {m}", again, True
    elif head.status == "closed" and (own and "retell" in on or message.kind == "end" and "endfirst" in on):
        yield f"w{w} tells the end, acks {m}", ack(rest, m)._replace(told=True), True
    elif head.status == "parked" and message.kind == "end" and "endparked" in on:
        if s.head.frames == head.frames:
            closed = Head("closed", w, m, head.epoch + 1, head.folded, head.frames + 1)
            again = again._replace(head=closed)
        yield f"w{w} closes by end{m}", again, True
    elif head.status in ("closed", "parked"):
        yield f"w{w} acks {m}: {head.status}", ack(rest, m), True
    elif head.status == "none" and message.kind in ("input", "end"):
        yield f"w{w} acks {m}: none", ack(rest, m), True
    elif head.status == "active" and not own:
        h = s.holds[head.writer]
        left_it = (head.writer, head.token, head.epoch) in s.acks
        held = h is not None and h.epoch == head.epoch
        if held or left_it:  # a lease thread may not have heard yet that its run left the table
            t = ack(rest, m)
            if held and "poke" in on:
                t = hold(t, head.writer, h._replace(poked=True))
            yield f"w{w} asks w{head.writer}: held, acks {m}", t, True
        if not held:
            yield exchange("asks: gone, wake for")
    elif head.status == "active" and m == head.token and tainted != 1 and "guard" in on:
        h = s.holds[head.writer]
        if h and h.epoch == head.epoch:
            yield f"w{w} guards {m}", again, True
        else:
            yield exchange("guards: gone, wake for")
    elif "exchange" in on and (tainted == 1 or tainted == 2 and head.status != "none" and "stale" in on):
        yield exchange("exchanges")
    elif s.head.frames != head.frames:
        yield f"w{w} conflict {m}", again, True
    elif message.kind == "new":
        yield f"w{w} starts", hold(rest, w, Hold("run", 0, 0, 1, 0)), True
    else:
        at, epoch = head.frames + 1, head.epoch + 1
        h = Hold("run", at, m, epoch, head.folded)
        if "readafter" not in on:
            h = h._replace(stage="fold", read=False, seen=seen)
        t = hold(rest._replace(head=Head("active", w, m, epoch, head.folded, at)), w, h)
        if "surelease" in on and s.messages[m].tainted != 2 and (s.messages[m].state != "out" or s.messages[m].owner != w):
            t = wake(t, {m})
        yield f"w{w} activates by {message.kind}{m}", t, True


def go_on(s, w):
    """A holder's next step."""
    h, head = s.holds[w], s.head
    ours = head.frames == h.at

    def to(t=s, **fields):
        return hold(t, w, h._replace(**fields))

    def append(label, status, stage, must, done=NOTHING, **fields):
        if not ours:
            return f"w{w} drops", hold(give_back(s, h.handed), w, None), must
        folded = fields.get("folded", h.folded)
        assert head.status in ("none", "active") and folded >= head.folded
        t = s._replace(head=Head(status, w, h.token, h.epoch, folded, h.at + 1))
        for m in done:
            t = ack(t, m)
        return f"w{w} {label}", to(t, stage=stage, at=h.at + 1, handed=h.handed - done, **fields), must

    def leave(t, done):
        for m in done:
            t = ack(t, m)
        t = give_back(t, h.handed - done)
        return hold(t, w, None)._replace(acks=t.acks | {(w, h.token, h.epoch)})

    if h.poked and h.stage in ("run", "fold"):
        yield f"w{w} hears the poke", to(poked=False, read=True), True
    if h.stage == "run":
        if h.at == 0:
            yield append("writes the first frame", "active", "run", True)
        if h.read and h.at > 0:
            yield f"w{w} reads inbox", to(stage="fold", read=False, seen=last(s)), True
        yield append("closes", "closed", "tell", told_to_end(s, h.folded))
        if not h.read or h.at == 0:
            done = frozenset(m for m in h.handed if m <= h.folded)
            yield append("suspends", "suspended", "look", False, done, read=h.handed > done)
        if left(s, "parks"):
            # What came before waits for the resume; what comes now is to be seen at once.
            label, t, must = append("parks", "parked", "park", False, folded=last(s))
            yield label, spend(t, "parks"), must
    elif h.stage == "fold":
        done = frozenset(m for m in h.handed if m <= h.seen)
        found = news(s, h.folded, h.seen)
        if found:
            yield append(f"folds {sorted(found)}", "active", "run", True, done, folded=h.seen, seen=0)
        else:
            t = s
            if "framedack" in on:
                done = NOTHING
            for m in done:
                t = ack(t, m)
            folded = max(h.seen, h.folded)
            yield f"w{w} finds nothing", to(t, stage="run", seen=0, folded=folded, handed=h.handed - done), True
    elif h.stage == "look":
        if "check" in on:
            yield f"w{w} reads inbox after Suspended", to(stage="looked", seen=last(s)), True
        else:
            yield f"w{w} leaves", leave(s, NOTHING), True
    elif h.stage == "looked":
        found = news(s, h.folded, h.seen) | h.handed
        names = frozenset({h.token}).union(h.handed, *(s.messages[m].replaces for m in h.handed))
        if found and "wakefirst" not in on:
            yield f"w{w} acks {h.token} before its wake", to(ack(s, h.token), stage="late", seen=0, named=names), True
        elif found:
            named = h.handed if "nakrest" in on else NOTHING
            t = to(wake(s, names), stage="leave", seen=0, read=False, named=named)
            yield f"w{w} puts wake: {sorted(found)} is new", t, True
        elif h.read:
            yield f"w{w} looks once more", to(stage="look", read=False), True
        else:
            yield f"w{w} leaves", leave(s, NOTHING), True
    elif h.stage == "late":
        yield f"w{w} puts wake", leave(wake(s, h.named), h.handed), True
    elif h.stage == "leave":
        yield f"w{w} leaves", leave(s, h.named if "nakrest" in on else h.handed), True
    elif h.stage == "park":
        yield f"w{w} leaves", leave(s, NOTHING), True
    elif h.stage == "tell":
        if "tellfirst" in on:
            yield f"w{w} tells the end, leaves", leave(s, h.handed)._replace(told=True), True
        else:
            yield f"w{w} acks {h.token}", to(ack(s, h.token), stage="tell-late"), True
    elif h.stage == "tell-late":
        yield f"w{w} tells the end", hold(s, w, None)._replace(told=True), True


def plain(s):
    """The state without what nothing depends on any more."""
    if s.head.status in ("suspended", "closed", "parked") and s.head.writer >= 0:
        s = s._replace(head=s.head._replace(writer=-1))
    if left(s, "forgets"):
        return s
    used = {look.message for look in s.looks}
    for h in s.holds:
        if h:
            used |= h.handed
    for m, message in enumerate(s.messages):
        if message.state == "acked" and (message.tainted or message.replaces) and m not in used:
            s = change(s, m, tainted=0, replaces=NOTHING)
    return s


def settled(s):
    """Nothing is left to do until somebody wishes something, or something fails."""
    head = s.head
    if head.status == "closed":
        return s.told
    if head.status == "parked":
        return not any(m.kind == "end" for m in s.messages[head.folded + 1 :])
    if head.status == "none":
        return False
    if news(s, head.folded, last(s)):
        return False
    if told_to_end(s, head.folded):
        return False
    h = s.holds[head.writer]
    return head.status == "suspended" or h is not None and h.epoch == head.epoch


def keeps_i4(s):
    """Head active: its token, or a wake that names it, is not acked."""
    head = s.head
    if head.status != "active" or s.messages[head.token].state != "acked":
        return True
    return any(m.state != "acked" and head.token in m.replaces for m in s.messages)


def explore():
    limits = tuple(bounds[name] for name in BOUND_NAMES)
    first = State(Head(), (Message("new"),), NOTHING, (None,) * len(WORKERS), NOTHING, False, None, limits)
    states, number, came, before = [first], {first: 0}, [None], [[]]
    reached, fine, broken, healthy = 0, [], [], []
    while reached < len(states):
        s = states[reached]
        cut = s.head.frames >= FRAMES and s.head.status != "closed"
        if not keeps_i4(s):
            broken.append(reached)
        over = s.head.status == "closed" and s.told
        for label, t, must in () if cut or over else steps(s):
            if left(t, "wakes") < 0:
                cut = cut or must
                continue
            t = plain(t)
            to = number.setdefault(t, len(states))
            if to == len(states):
                states.append(t)
                came.append((label, reached))
                before.append([])
            if must:
                before[to].append(reached)
            if " activates " in label and s.head.status == "active":
                h = s.holds[s.head.writer]
                if h and h.epoch == s.head.epoch and not any(left(s, f) < bounds[f] for f in ("crashes", "expiries", "suspicions")):
                    healthy.append(to)
        if cut or settled(s):
            fine.append(reached)
        reached += 1
    return states, came, before, fine, broken, healthy


def unsettled(count, before, fine):
    """The states from which the run cannot come to rest by what must happen."""
    can = bytearray(count)
    for n in fine:
        can[n] = 1
    pile = list(fine)
    while pile:
        for n in before[pile.pop()]:
            if not can[n]:
                can[n] = 1
                pile.append(n)
    return [n for n in range(count) if not can[n]]


def main():
    started = time()
    states, came, before, fine, broken, healthy = explore()
    stuck = unsettled(len(states), before, fine)

    def show(title, numbers):
        if not numbers:
            return
        trace, n = [], numbers[0]
        while came[n]:
            label, n = came[n]
            trace.append(label)
        print(f"  {title}: {' | '.join(reversed(trace))}")
        print(f"    {states[numbers[0]]}")

    verdict = f"STUCK in {len(stuck)}" if stuck else "never stuck"
    i4 = f"I4 BROKEN in {len(broken)}" if broken else "I4 holds"
    over = f", healthy taken over {len(healthy)}" if healthy else ""
    print(f"{' '.join(sys.argv[1:])}: {len(states)} states, {time() - started:.0f} s: {verdict}, {i4}{over}")
    show("stuck", stuck)
    show("I4", broken)
    show("taken over", healthy)


main()
