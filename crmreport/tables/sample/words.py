"""Made-up people, companies, addresses and remarks; no real person, firm, number or postcode is meant."""

from __future__ import annotations

import numpy as np

from crmreport.tables.sample.clock import Ints
from crmreport.tables.sample.draws import Flags, Words, pick_evenly


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


_FIRST = _words(
    "Amelia,Arthur,Beatrice,Callum,Catriona,Cedric,Daphne,Dominic,Eleanor,Emrys,Farah,Fergus,Georgina,Gethin,"
    "Harriet,Hamza,Imogen,Idris,Jemima,Jasper,Kirsty,Kofi,Leonora,Lachlan,Marigold,Mateusz,Nadia,Nathaniel,Ottilie,"
    "Osman,Phoebe,Piers,Quentin,Rosalind,Rupert,Saoirse,Sebastian,Tabitha,Tobias,Ursula,Vikram,Winifred,Wilfred,"
    "Xanthe,Yasmin,Yusuf,Zara,Zachary,Anjali,Bronwen"
)
_LAST = _words(
    "Abernathy,Ashdown,Attlebury,Bancroft,Birtwhistle,Blythe,Braithwaite,Cadwallader,Chilcott,Clutterbuck,Dewhurst,"
    "Draycott,Eastleigh,Entwistle,Fairweather,Featherstone,Garside,Gilchrist,Hathersage,Hollingworth,Inglesby,"
    "Jellicoe,Kirkbride,Lanyon,Lightbody,Loxley,Macalister,Merriweather,Mistry,Nethercott,Oakeshott,Okonkwo,"
    "Osbaldeston,Penhaligon,Pemberley,Quiller,Ramsbottom,Ravenscroft,Satterthwaite,Shuttleworth,Skelhorn,Tattersall,"
    "Thistlewood,Trevanion,Uttley,Venkatesan,Wolstenholme,Wetherby,Yelverton,Zielinska"
)
_FAMILY = _words("陈,林,黄,周,吴,徐,孙,马,朱,胡,郭,何,高,罗,郑,梁,谢,宋,唐,许,邓,韩,冯,曹")
_GIVEN = _words(
    "思远,雨桐,子涵,嘉怡,浩然,梓萱,若溪,景行,婉清,明轩,书瑶,宇航,安琪,奕辰,静怡,博文,晓彤,志远,欣妍,俊杰"
)
_FIRM_FIRST = _words(
    "Amberfield,Bracken,Cairnhill,Dunmarrow,Elderbrook,Foxglen,Gorsedale,Hartwell,Inkberry,Juniper,Kestrelmoor,"
    "Larkrise,Millrace,Nettlecombe,Orchardgate,Pebblestone,Quarryside,Rushmere,Saltmarsh,Tarnwater,Underwood,Valecross,"
    "Wrenfield,Yarrowby,Thornbury"
)
_FIRM_SECOND = _words(
    "Analytics,Architects,Chambers,Clinics,Consulting,Dental,Engineering,Foods,Housing,Insurance,Laboratories,Legal,"
    "Logistics,Media,Primary School,Recruitment,Robotics,Software,Theatres,Travel,Veterinary,Wealth"
)
_FIRM_LAST = ("Ltd", "LLP", "plc", "Group")
_STREETS = _words(
    "Almond Rise,Bellfounder Lane,Cooper's Yard,Drover's Way,Elmhurst Avenue,Foundry Street,Gallows Hill,"
    "Heron Wharf,Ivy Terrace,Jubilee Mews,Kiln Close,Lamplighter Row,Maltings Court,Nightingale Drive,"
    "Old Ropewalk,Paddock Gardens,Quayside Walk,Rookery Crescent,Saddler Street,Tannery Road,Vicarage Fold,"
    "Weaver's Green"
)
_MAIL_HOSTS = ("birchmail.example", "inbox-lane.example", "postbox.example", "tidymail.example")

# City and the letters of its postcodes; the letters after the number are ones that Royal Mail never uses.
CITIES = {
    "North": (("Leeds", "LS"), ("Newcastle", "NE"), ("Manchester", "M"), ("Sheffield", "S"), ("York", "YO")),
    "South": (
        ("London", "SE"),
        ("Brighton", "BN"),
        ("Southampton", "SO"),
        ("Reading", "RG"),
        ("Guildford", "GU"),
    ),
    "East": (("Norwich", "NR"), ("Cambridge", "CB"), ("Ipswich", "IP"), ("Lincoln", "LN")),
    "West": (("Bristol", "BS"), ("Cardiff", "CF"), ("Exeter", "EX"), ("Gloucester", "GL")),
}
# Ranges that Ofcom keeps free for drama, so that no number reaches anybody.
_PHONE_RANGES = (
    "020 7946 0", "0113 496 0", "0114 496 0", "0115 496 0", "0116 496 0", "0117 496 0",
    "0118 496 0", "0121 496 0", "0131 496 0", "0141 496 0", "0151 496 0", "0161 496 0",
    "0191 498 0", "01632 960", "07700 900",
)  # fmt: skip

_OPENINGS = {
    "good": (
        "Lovely to deal with,",
        "I was pleasantly surprised:",
        "Honestly,",
        "Second time I write to you:",
    ),
    "bad": (
        "I am still waiting;",
        "Not what I am used to from you:",
        "Frankly,",
        "Third attempt to reach someone;",
    ),
}
_MIDDLES = {
    "good": (
        "the lady on the line sorted my wobbly leg within minutes",
        "your fitter tidied up after himself and even took the boxes",
        "the new drawer runner came the very next morning",
        "everything was explained without jargon",
    ),
    "bad": (
        "nobody rang me back although it was promised twice",
        "it took the whole day before a human being answered",
        "my case was passed on and I had to repeat the story",
        "the replacement arrived with the same scratch",
    ),
}
_ENDINGS = {
    "good": (
        "thank you so much.",
        "I shall tell my neighbours.",
        "keep it up!",
        "we will furnish the attic next.",
    ),
    "bad": (
        "please look into it.",
        "I expected better.",
        "we may look elsewhere.",
        "this cost us half a day.",
    ),
}
_CHINESE = {
    "good": ("客服很耐心，椅子的扶手当天就换好了，", "安装师傅准时又细致，", "抽屉滑轨第二天就寄到了，"),
    "bad": ("打了三次电话都没有人回，", "等了一整天才有人答复，", "换来的桌面还是有划痕，"),
}
_CHINESE_ENDINGS = {
    "good": ("谢谢你们。", "会推荐给同事。", "下次还来买。"),
    "bad": ("希望尽快改进。", "有点失望。", "可能会换别家。"),
}


def people(rng: np.random.Generator, count: int) -> Words:
    """Make up names of people, about one in fourteen Chinese."""
    english = pick_evenly(rng, _FIRST, count) + " " + pick_evenly(rng, _LAST, count)
    chinese = pick_evenly(rng, _FAMILY, count) + pick_evenly(rng, _GIVEN, count)
    return np.where(rng.random(count) < 0.07, chinese, english)


def staff(rng: np.random.Generator, count: int) -> list[str]:
    """Make up different names of employees, told from customers' by a middle initial."""
    firsts, lasts = rng.permutation(_FIRST), rng.permutation(_LAST)
    initials = rng.choice(list("BCDEGHKLMNPRSTVW"), size=count)
    return [
        f"{firsts[i % len(firsts)]} {initials[i]}. {lasts[(i * 7 + i // len(firsts)) % len(lasts)]}"
        for i in range(count)
    ]


def firms(rng: np.random.Generator, count: int) -> Words:
    """Make up names of companies."""
    first = pick_evenly(rng, _FIRM_FIRST, count) + " & " + pick_evenly(rng, _LAST, count)
    plain = pick_evenly(rng, _FIRM_FIRST, count)
    return (
        np.where(rng.random(count) < 0.55, first, plain)
        + " "
        + pick_evenly(rng, _FIRM_SECOND, count)
        + " "
        + pick_evenly(rng, _FIRM_LAST, count)
    )


def mails(rng: np.random.Generator, codes: Words) -> Words:
    """Make up one e-mail address per identifier; the hosts end in .example, which nobody can own."""
    first, last = pick_evenly(rng, _FIRST, len(codes)), pick_evenly(rng, _LAST, len(codes))
    host = pick_evenly(rng, _MAIL_HOSTS, len(codes))
    return np.array(
        [f"{f}.{s}.{c[3:]}@{h}".lower() for f, s, c, h in zip(first, last, codes, host, strict=True)],
        dtype=object,
    )


def phones(rng: np.random.Generator, count: int) -> Words:
    """Make up telephone numbers, different from each other as long as there are any left."""
    size = 1000 * len(_PHONE_RANGES)
    numbers = rng.permutation(size)[np.arange(count) % size]
    return np.array([f"{_PHONE_RANGES[n // 1000]}{n % 1000:03d}" for n in numbers], dtype=object)


def cities(rng: np.random.Generator, region: Words) -> tuple[Words, Words]:
    """Draw a city of each region, and the letters that its postcodes begin with."""
    number = rng.integers(60, size=len(region))
    found = [CITIES[r][n % len(CITIES[r])] for r, n in zip(region, number, strict=True)]
    return np.array([f[0] for f in found], dtype=object), np.array([f[1] for f in found], dtype=object)


def addresses(rng: np.random.Generator, city: Words, letters: Words) -> Words:
    """Make up one postal address per city."""
    count = len(city)
    street, house = pick_evenly(rng, _STREETS, count), rng.integers(1, 220, count)
    district, sector = rng.integers(1, 29, count), rng.integers(1, 10, count)
    ending = pick_evenly(rng, ("CK", "VO", "MI", "KC", "OV", "IM"), count)
    rows = zip(house, street, city, letters, district, sector, ending, strict=True)
    return np.array([f"{h} {s}, {c} {p}{d} {n}{e}" for h, s, c, p, d, n, e in rows], dtype=object)


def remarks(rng: np.random.Generator, is_good: Flags) -> Words:
    """Make up what customers write, one in eight in Chinese; some leave a number to be called on."""
    count = len(is_good)
    mood = np.where(is_good, "good", "bad")
    number = rng.integers(0, 1 << 30, size=(count, 3))
    chinese, leaves_number = rng.random(count) < 0.125, rng.random(count) < 0.03
    call = phones(rng, count)
    return np.array(
        [_remark(*row) for row in zip(mood, number, chinese, leaves_number, call, strict=True)], object
    )


def _remark(mood: str, number: Ints, is_chinese: bool, leaves_number: bool, call: str) -> str:
    first, second, third = (int(n) for n in number)
    if is_chinese:
        start, end = _CHINESE[mood], _CHINESE_ENDINGS[mood]
        return start[first % len(start)] + end[third % len(end)]
    beginning, middle, ending = _OPENINGS[mood], _MIDDLES[mood], _ENDINGS[mood]
    text = (
        f"{beginning[first % len(beginning)]} {middle[second % len(middle)]}, {ending[third % len(ending)]}"
    )
    return f"{text} Ring me on {call}." if leaves_number else text
