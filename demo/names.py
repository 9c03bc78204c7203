"""Names for the demo: invented, of several languages and scripts, as client files have them."""

from collections.abc import Sequence
from itertools import product
from random import Random
from typing import Final

# For each language, what a person's name begins with and what it ends with.
_PEOPLE: Final[Sequence[tuple[str, str]]] = (
    (
        "Sanne, Daan, Femke, Joost, Marijke, Pieter, Lotte, Willem",
        "de Vries, van den Berg, Jansen, 't Hart, Bakker, van der Meer, Hoekstra",
    ),
    (
        "Jürgen, Käthe, Björn, Anneliese, Günther, Heike, Matthäus, Ursula",
        "Müller, Schäfer, Groß, Köhler, Weiß, Zimmermann, von Höfen",
    ),
    (
        "Élodie, François, Hélène, Jérôme, Maëlle, Étienne, Zoé",
        "Lefèvre, d'Aubigné, Bérenger, Noël, Garçon, Dubois-Moreau",
    ),
    (
        "Łukasz, Zofia, Grażyna, Michał, Bożena, Paweł",
        "Wójcik, Stępień, Dąbek, Gołąb, Nowak, Źrebiec",
    ),
    ("Γιώργος, Νίκος, Ηλίας, Σπύρος", "Παπαδόπουλος, Νικολάου, Βασιλείου, Δημητρίου"),
    ("Олена, Андрій, Оксана, Юрій", "Шевченко, Ковальчук, Бондаренко, Гнатюк"),
    ("佐藤, 鈴木, 高橋, 渡辺", "陽菜, 蓮, 美咲, 健太"),
    (
        "Amelia, Oliver, Siobhán, Rhys, Isla, Callum",
        "Ashworth, O'Neill, Pemberton-Hale, Llewellyn, MacGregor",
    ),
)

# Likewise of a company: what it is called, and what it does in which legal form.
_COMPANIES: Final[Sequence[tuple[str, str]]] = (
    (
        "Noordzee, De Gouden Leeuw, IJsselmeer, Zuiderpark",
        "Logistiek B.V., Bouwgroep N.V., Vastgoed B.V., Bloemen V.O.F.",
    ),
    (
        "Grünwald, Alpenblick, Brückner & Söhne, Süderelbe",
        "Maschinenbau GmbH, Großhandel KG, Vermögensverwaltung AG",
    ),
    (
        "Château Neuf, L'Œuvre, Beauséjour, Trois Rivières",
        "Conseil S.à r.l., Négoce S.A., Énergies S.A.S.",
    ),
    ("Wisła, Żuraw, Bursztyn, Jodła", "Transport sp. z o.o., Usługi S.A., Budowa sp.k."),
    ("Αιγαίο, Όλυμπος", "Ναυτιλία, Εμπόριο, Ακίνητα"),
    (
        "Harrow, Northgate, Kingfisher, Blackthorn",
        "Holdings Ltd, Shipping plc, Partners LLP, Foundation",
    ),
)


def _drawn(pools: Sequence[tuple[str, str]], chance: Random, count: int) -> list[str]:
    names = [
        f"{beginning} {end}"
        for beginnings, ends in pools
        for beginning, end in product(beginnings.split(", "), ends.split(", "))
    ]
    return chance.sample(names, count)


def people(chance: Random, count: int) -> list[str]:
    """Draw names of people, no two alike."""
    return _drawn(_PEOPLE, chance, count)


def companies(chance: Random, count: int) -> list[str]:
    """Draw names of companies, no two alike."""
    return _drawn(_COMPANIES, chance, count)
