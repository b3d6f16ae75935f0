"""Made-up dialogues that teach one thing: answer from the recalled lines.

Every dialogue is a list of chat messages laid out exactly as Karen lays out a turn: a system
message that ends in recalled lines grouped by day, then the conversation. Values come from lists of
real words and from a generator of pronounceable ones, so that copying is the only way to be right.
"""

import random
from dataclasses import dataclass

INSTRUCTIONS = "You are Karen, a helpful assistant. Use what you remember when it helps."
UNKNOWN = "I do not know that yet."

NAMES = """Ada Alan Alice Amir Amy Ana Anna Anton Ari Asha Ben Bea Bella Boris Carl Carla Carmen Chen Chloe Clara
Dan Dana Dario David Dina Elena Eli Ella Emil Emma Eric Eva Felix Fiona Frank Gina Hana Hans Hugo Ida Ines Iris
Ivan Jack Jana Jane Jonas Jules Julia Karl Kate Kim Lara Lea Leo Lena Liam Lily Lin Lisa Luca Lucy Maja Marco
Maria Mark Marta Max Maya Mia Mila Milo Mona Nadia Nina Noah Nora Olaf Olga Omar Oscar Otto Paul Pia Ravi Rita
Rosa Ruth Sam Sara Sofia Sven Tara Theo Tim Tom Uma Vera Victor Wanda Yara Zoe""".split()
PETS = """Biscuit Rex Luna Bella Charlie Coco Daisy Rocky Molly Buddy Max Ziggy Pepper Ginger Shadow Oreo Toby Simba
Nala Milo Felix Whiskers Mittens Tiger Smokey Pumpkin Cookie Mocha Waffles Noodle Pickle Bandit Scout Ruby
Hazel Olive Maple Willow Jasper Finn""".split()
CITIES = """Lisbon Paris London Berlin Madrid Rome Vienna Prague Dublin Oslo Athens Warsaw Zurich Geneva Milan Turin
Porto Seville Lyon Nice Hamburg Munich Bremen Ghent Antwerp Boston Chicago Denver Austin Seattle Toronto Lima
Quito Tokyo Osaka Seoul Delhi Mumbai Cairo Tunis Nairobi Accra Perth Sydney""".split()
COLOURS = "red blue green yellow purple orange pink black white brown grey teal violet silver gold crimson".split()
FOODS = """pizza pasta sushi curry ramen tacos soup salad bread cheese rice beans falafel lasagna pancakes dumplings
noodles paella risotto chocolate""".split()
DRINKS = "coffee tea water juice milk cocoa lemonade cider wine beer matcha espresso".split()
JOBS = """teacher nurse baker pilot doctor lawyer farmer painter writer singer driver engineer plumber chemist dentist
carpenter gardener librarian designer waiter""".split()
HOBBIES = "chess painting running swimming climbing cooking sewing fishing cycling dancing hiking yoga pottery sailing".split()
INSTRUMENTS = "piano guitar violin cello flute drums trumpet harp clarinet saxophone".split()
SPORTS = "tennis football rugby hockey golf cricket judo rowing skiing boxing basketball".split()
LANGUAGES = "French Spanish German Italian Polish Greek Turkish Arabic Hindi Korean Japanese Dutch Czech Danish".split()
ALLERGIES = "nuts peanuts milk eggs gluten cats pollen shellfish soy dust".split()
MONTHS = "January February March April May June July August September October November December".split()

ONSETS = "b br c ch d dr f fl g gr h j k kl l m n p pl qu r s sh sk st t th tr v w z".split()
VOWELS = "a e i o u ai ea ee oo ou".split()
CODAS = ["", "", "b", "ck", "d", "g", "l", "ll", "m", "n", "nd", "p", "r", "rt", "s", "sh", "t", "x"]


@dataclass(frozen=True)
class Slot:
    """Something a person can say of themselves, ask for, and be answered with."""

    name: str
    tell: tuple[str, ...]
    ask: tuple[str, ...]
    answer: str
    values: tuple[str, ...]
    invent: bool = True
    kind: str = "word"


def owned(thing: str, values, invent=True, kind="name", also_ask=()) -> Slot:
    """A named thing: "my dog is called ..."."""
    return Slot(
        name=thing,
        tell=(f"My {thing} is called {{}}.", f"My {thing}'s name is {{}}.", f"I have a {thing} named {{}}.",
              f"my {thing} is called {{}}", f"I have a {thing}, {{}}.", f"The name of my {thing} is {{}}."),
        ask=(f"What is my {thing}'s name?", f"What is my {thing} called?", f"what is my {thing}'s name",
             f"Do you remember my {thing}'s name?", f"What's my {thing}'s name?",
             f"What is the name of my {thing}?", *also_ask),
        answer=f"Your {thing} is called {{}}.",
        values=tuple(values), invent=invent, kind=kind)


def relative(who: str) -> Slot:
    return Slot(
        name=who,
        tell=(f"My {who} is called {{}}.", f"My {who}'s name is {{}}.", f"{{}} is my {who}.", f"my {who} is {{}}"),
        ask=(f"What is my {who}'s name?", f"What is my {who} called?", f"Who is my {who}?", f"what's my {who}'s name?"),
        answer=f"Your {who} is called {{}}.", values=tuple(NAMES), kind="name")


def favourite(thing: str, values, spelling: str = "favourite") -> Slot:
    return Slot(
        name=f"favourite {thing}",
        tell=(f"My favourite {thing} is {{}}.", f"my favorite {thing} is {{}}", f"My favorite {thing} is {{}}.",
              f"{{}} is my favourite {thing}."),
        ask=(f"What is my favourite {thing}?", f"what is my favorite {thing}?", f"What's my favorite {thing}?",
             f"Which {thing} do I like best?", f"Do you know my favourite {thing}?"),
        answer=f"Your favourite {thing} is {{}}.", values=tuple(values), kind="word")


SLOTS = [
    owned("dog", PETS), owned("cat", PETS), owned("horse", PETS), owned("parrot", PETS), owned("rabbit", PETS),
    owned("boat", PETS), owned("company", PETS), owned("street", PETS, also_ask=("What street do I live on?",)),
    owned("school", PETS), owned("team", PETS),
    relative("sister"), relative("brother"), relative("mother"), relative("father"), relative("wife"),
    relative("husband"), relative("son"), relative("daughter"), relative("boss"), relative("doctor"),
    relative("teacher"), relative("friend"), relative("neighbour"),
    favourite("colour", COLOURS), favourite("food", FOODS), favourite("drink", DRINKS), favourite("sport", SPORTS),
    favourite("city", CITIES), favourite("book", PETS), favourite("film", PETS), favourite("band", PETS),
    favourite("game", PETS), favourite("language", LANGUAGES), favourite("month", MONTHS),
    Slot("name", ("My name is {}.", "I am called {}.", "Hi, I am {}.", "my name is {}", "You can call me {}.", "I'm {}."),
         ("What is my name?", "Who am I?", "what's my name?", "Do you know my name?", "What am I called?"),
         "Your name is {}.", tuple(NAMES), kind="name"),
    Slot("city", ("I live in {}.", "My home is in {}.", "I moved to {}.", "i live in {}", "We live in {}."),
         ("Where do I live?", "Which city do I live in?", "where do i live?", "What city is my home?"),
         "You live in {}.", tuple(CITIES), kind="name"),
    Slot("birthplace", ("I was born in {}.", "I come from {}.", "I am from {}."),
         ("Where was I born?", "Where am I from?", "Where do I come from?"), "You come from {}.", tuple(CITIES), kind="name"),
    Slot("work", ("I work at {}.", "I work for {}.", "My employer is {}."),
         ("Where do I work?", "Who do I work for?", "Who is my employer?", "where do I work?"),
         "You work at {}.", tuple(PETS), kind="name"),
    Slot("job", ("I work as a {}.", "My job is {}.", "I am a {} by trade."),
         ("What is my job?", "What do I do for a living?", "what's my job?"), "You work as a {}.", tuple(JOBS)),
    Slot("hobby", ("My hobby is {}.", "In my free time I like {}.", "I enjoy {} at weekends."),
         ("What is my hobby?", "What do I do in my free time?", "What do I enjoy at weekends?"),
         "Your hobby is {}.", tuple(HOBBIES)),
    Slot("instrument", ("I play the {}.", "I am learning the {}.", "My instrument is the {}."),
         ("What instrument do I play?", "Which instrument do I play?", "Which instrument am I learning?"),
         "You play the {}.", tuple(INSTRUMENTS)),
    Slot("language", ("I am learning {}.", "I study {}.", "I take {} lessons."),
         ("What language am I learning?", "Which language do I study?", "What do I take lessons in?"),
         "You are learning {}.", tuple(LANGUAGES), kind="name"),
    Slot("allergy", ("I am allergic to {}.", "I can't eat {}, I am allergic.", "I have an allergy to {}."),
         ("What am I allergic to?", "Which allergy do I have?", "what am i allergic to?"),
         "You are allergic to {}.", tuple(ALLERGIES)),
    Slot("car", ("I drive a {}.", "My car is a {}.", "I have a {} car."),
         ("What car do I drive?", "What car do I have?", "What is my car?"), "You drive a {}.", tuple(PETS), kind="name"),
    Slot("birthday", ("My birthday is in {}.", "I was born in the month of {}.", "my birthday is in {}"),
         ("When is my birthday?", "In which month is my birthday?", "when is my birthday?"),
         "Your birthday is in {}.", tuple(MONTHS), invent=False, kind="name"),
    Slot("password", ("The wifi password is {}.", "Our wifi password is {}.", "the password for the wifi is {}"),
         ("What is the wifi password?", "Do you know the wifi password?", "what's the wifi password?"),
         "The wifi password is {}.", tuple(f"{w}{n}" for w in ("sun", "moon", "star", "tree") for n in range(10, 60, 7))),
    Slot("meeting", ("My meeting is at {}.", "The meeting starts at {}.", "I have a meeting at {}."),
         ("When is my meeting?", "What time is my meeting?", "When does the meeting start?"),
         "Your meeting is at {}.", tuple(f"{h}:{m:02}" for h in range(7, 20) for m in (0, 15, 30, 45)), invent=False),
]

SMALL_TALK = [
    ("Hello!", "Hello! How can I help?"), ("Hi", "Hello! How can I help?"), ("Hello Karen", "Hello! How can I help?"),
    ("Good morning", "Good morning! How can I help?"), ("Thanks!", "You are welcome."), ("Thank you", "You are welcome."),
    ("How are you?", "I am well, thank you."), ("Who are you?", "I am Karen, an assistant that remembers."),
    ("What is your name?", "I am Karen, an assistant that remembers."), ("Bye", "Goodbye!"), ("Good night", "Good night!"),
    ("What can you do?", "I remember what you tell me, and answer from it."), ("ok", "All right."),
    ("The weather is nice today.", "Good to hear."), ("I am tired.", "Rest well."), ("Nice!", "Good to hear."),
]


class Words:
    """Values for slots; `held_out` turns to those that training never sees."""

    def __init__(self, rng: random.Random, held_out: bool):
        self.rng, self.held_out = rng, held_out

    def value(self, slot: Slot) -> str:
        listed = [v for v in slot.values if is_held_out(v) == self.held_out]
        if not listed or slot.invent and self.rng.random() < 0.5:
            return self.invented(capital=slot.kind == "name" or self.rng.random() < 0.3)
        return self.rng.choice(listed)

    def invented(self, capital: bool) -> str:
        while True:
            word = "".join(self.rng.choice(ONSETS) + self.rng.choice(VOWELS) + self.rng.choice(CODAS)
                           for _ in range(self.rng.choice((1, 2, 2, 3))))
            if 3 <= len(word) <= 12 and is_held_out(word) == self.held_out:
                return word.capitalize() if capital else word


def is_held_out(value: str) -> bool:
    """A fifth of all values, by a hash that is the same on every machine."""
    total = 0
    for char in value.lower():
        total = (total * 31 + ord(char)) % 1_000_003
    return total % 5 == 0


def near_miss(rng: random.Random, known: dict) -> Slot:
    """A slot that nothing was said about, most often one that is asked for in the same words."""
    absent = [slot for slot in SLOTS if slot.name not in known]
    alike = [slot for slot in absent if any(slot.answer.split()[-2:] == k.answer.split()[-2:] for k, _ in known.values())]
    return rng.choice(alike if alike and rng.random() < 0.7 else absent)


def acknowledgement(rng: random.Random) -> str:
    return rng.choice(("I will remember that.", "Thanks, I will remember that."))


def other_fact(rng: random.Random, words: Words, slot: Slot) -> str:
    """A line about somebody else's thing: close, and wrong to answer with."""
    value = words.value(slot)
    owner = rng.choice(("sister", "brother", "friend", "neighbour", "boss", "aunt"))
    if slot.tell[0].startswith("My "):
        return f"My {owner}'s " + slot.tell[0][3:].format(value)
    return f"My {owner} said: {words.invented(True)} is fine."


def day(rng: random.Random) -> str:
    return f"202{rng.randint(4, 6)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def system(rng: random.Random, lines: list[str]) -> str:
    if not lines:
        return INSTRUCTIONS
    days = sorted({day(rng) for _ in range(rng.randint(1, min(3, len(lines))))})
    cuts = sorted(rng.sample(range(1, len(lines)), min(len(days), len(lines)) - 1)) if len(lines) > 1 else []
    groups = [lines[a:b] for a, b in zip([0, *cuts], [*cuts, len(lines)])]
    text = "\n".join(f"{when}\n" + "\n".join(f"- {line}" for line in group) for when, group in zip(days, groups))
    return f"{INSTRUCTIONS}\n\nWhat you remember:\n{text}"


def dialogue(rng: random.Random, words: Words, facts_max: int, pairs: int) -> list[dict]:
    """A whole conversation: recalled facts, then questions, news and small talk."""
    speaker = "user" if rng.random() < 0.85 else rng.choice(NAMES)
    slots = rng.sample(SLOTS, k=min(len(SLOTS), facts_max + 4))
    known = {slot.name: (slot, words.value(slot)) for slot in slots[: rng.randint(0 if facts_max > 2 else 1, facts_max)]}
    lines = []
    for slot, value in known.values():
        lines.append(f"{speaker}: " + rng.choice(slot.tell).format(value))
        if rng.random() < 0.25:
            lines.append("assistant: " + acknowledgement(rng))
        if rng.random() < 0.15:
            lines.append(f"{speaker}: " + rng.choice(slot.ask))
            if rng.random() < 0.6:
                lines.append("assistant: " + slot.answer.format(value))
    rng.shuffle(lines)
    if rng.random() < 0.3 and slots:
        lines.insert(rng.randint(0, len(lines)), f"{speaker}: " + other_fact(rng, words, rng.choice(slots)))
    if rng.random() < 0.15:
        lines.insert(rng.randint(0, len(lines)), f"{speaker}: " + rng.choice(SMALL_TALK)[0])
    messages = [{"role": "system", "content": system(rng, lines)}]
    for _ in range(pairs):
        draw = rng.random()
        if draw < 0.52 and known:
            slot, value = rng.choice(list(known.values()))
            said, reply = rng.choice(slot.ask), slot.answer.format(value)
        elif draw < 0.82:
            said, reply = rng.choice(near_miss(rng, known).ask), UNKNOWN
        elif draw < 0.93:
            slot = rng.choice(slots)
            if slot.name in known:
                continue
            value = words.value(slot)
            known[slot.name] = (slot, value)
            said, reply = rng.choice(slot.tell).format(value), acknowledgement(rng)
        else:
            said, reply = rng.choice(SMALL_TALK)
        messages += [{"role": "user", "content": said}, {"role": "assistant", "content": reply}]
    return messages


def held_out_case(rng: random.Random) -> dict:
    """One question about values that training never saw, or one that nothing answers."""
    words = Words(rng, held_out=True)
    while True:
        messages = dialogue(rng, words, facts_max=6, pairs=rng.choice((1, 1, 2, 3)))
        if len(messages) < 3:
            continue
        question, reply = messages[-2], messages[-1]["content"]
        slot = next((s for s in SLOTS if question["content"] in s.ask), None)
        if slot is None:
            continue
        answerable = reply != UNKNOWN
        prefix, _, suffix = slot.answer.partition("{}")
        expect = reply[len(prefix): len(reply) - len(suffix)] if answerable else UNKNOWN
        return {"messages": messages[:-1], "slot": slot.name, "answerable": answerable, "expect": expect}
