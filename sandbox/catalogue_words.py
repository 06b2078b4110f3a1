"""What the generated mall sells: departments, things, variants and typical prices."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One category: what stands on it, what it costs, when it is bought.

    `peak_day` is the day of the year around which demand is highest; `season` is how much of
    demand follows the year, from 0 (none) to 1. `weekend` is the weight of a weekend day
    against a working day.
    """

    path: str
    things: tuple[str, ...]
    variants: tuple[str, ...]
    price_minor: tuple[int, int]
    weight_g: tuple[int, int]
    margin_percent: tuple[int, int]
    peak_day: int
    season: float
    weekend: float
    variant_step_minor: int = 0


BRANDS = (
    "Alder & Finch", "Brightwell", "Casa Lume", "Dornbach", "Elmstead", "Fjordline", "Greyholm",
    "Harrow Mill", "Isola", "Juniper Row", "Kestrel", "Lindqvist", "Marlow", "Norden",
    "Oakhaven", "Pellworm", "Quillon", "Rosedale", "Saltmarsh", "Tamsin",
)  # fmt: skip
QUALITIES = (
    "Classic", "Compact", "Everyday", "Heritage", "Light", "Modern", "Natural", "Original",
    "Premium", "Pure", "Studio", "Urban",
)  # fmt: skip
_SIZES = ("S", "M", "L", "XL")
_COLOURS = ("Black", "Sand", "Sage", "Navy", "Rust")
_ONE = ("",)

SHELVES = (
    Shelf(path="Home/Kitchen", things=("Chef Knife", "Cutting Board", "Saucepan", "Baking Tray",
          "Salad Bowl", "Tea Kettle"), variants=("Small", "Large"), price_minor=(1290, 8990),
          weight_g=(250, 2800), margin_percent=(38, 55), peak_day=345, season=0.25, weekend=1.3,
          variant_step_minor=600),
    Shelf(path="Home/Bedding", things=("Duvet Cover", "Pillow", "Fitted Sheet", "Wool Blanket"),
          variants=("135 cm", "155 cm"), price_minor=(1990, 12990), weight_g=(600, 3200),
          margin_percent=(40, 58), peak_day=15, season=0.3, weekend=1.35,
          variant_step_minor=500),
    Shelf(path="Home/Lighting", things=("Desk Lamp", "Floor Lamp", "Pendant Light", "Candle Set"),
          variants=("Brass", "Black"), price_minor=(1490, 15990), weight_g=(400, 5200),
          margin_percent=(42, 60), peak_day=320, season=0.4, weekend=1.25),
    Shelf(path="Garden/Tools", things=("Pruning Shears", "Hand Trowel", "Watering Can",
          "Garden Gloves"), variants=_ONE, price_minor=(790, 4990), weight_g=(150, 1800),
          margin_percent=(35, 50), peak_day=125, season=0.75, weekend=1.7),
    Shelf(path="Garden/Outdoor Living", things=("Folding Chair", "Picnic Rug", "Bird Feeder",
          "Lantern"), variants=("Green", "Grey"), price_minor=(1290, 9990), weight_g=(500, 6200),
          margin_percent=(36, 52), peak_day=165, season=0.8, weekend=1.6),
    Shelf(path="Fashion/Knitwear", things=("Merino Jumper", "Cardigan", "Wool Scarf", "Beanie"),
          variants=_SIZES, price_minor=(1990, 11990), weight_g=(120, 700),
          margin_percent=(50, 66), peak_day=330, season=0.7, weekend=1.3),
    Shelf(path="Fashion/Basics", things=("T-Shirt", "Boxer Briefs", "Socks 3-Pack", "Hoodie"),
          variants=_SIZES, price_minor=(990, 5990), weight_g=(90, 650),
          margin_percent=(48, 64), peak_day=190, season=0.2, weekend=1.2),
    Shelf(path="Fashion/Bags", things=("Day Pack", "Tote Bag", "Crossbody Bag", "Weekender"),
          variants=_COLOURS[:3], price_minor=(2490, 14990), weight_g=(250, 1600),
          margin_percent=(46, 62), peak_day=235, season=0.3, weekend=1.25),
    Shelf(path="Sports/Running", things=("Running Belt", "Soft Flask", "Head Torch",
          "Running Socks"), variants=_ONE, price_minor=(990, 6990), weight_g=(60, 400),
          margin_percent=(38, 54), peak_day=105, season=0.45, weekend=1.1),
    Shelf(path="Sports/Yoga", things=("Yoga Mat", "Foam Block", "Exercise Band", "Cork Roller"),
          variants=_COLOURS[1:4], price_minor=(790, 7990), weight_g=(150, 2200),
          margin_percent=(42, 58), peak_day=12, season=0.5, weekend=1.05),
    Shelf(path="Electronics/Audio", things=("Wireless Earbuds", "Bluetooth Speaker",
          "Headphones", "Turntable Mat"), variants=_COLOURS[:2], price_minor=(1990, 19990),
          weight_g=(80, 1400), margin_percent=(18, 32), peak_day=338, season=0.5, weekend=1.1),
    Shelf(path="Electronics/Accessories", things=("USB-C Cable", "Charging Dock", "Power Bank",
          "Phone Case"), variants=_ONE, price_minor=(790, 5990), weight_g=(40, 420),
          margin_percent=(45, 65), peak_day=340, season=0.25, weekend=1.0),
    Shelf(path="Toys/Wooden Toys", things=("Building Blocks", "Marble Run", "Pull-Along Duck",
          "Stacking Tower"), variants=_ONE, price_minor=(990, 6990), weight_g=(200, 2400),
          margin_percent=(40, 55), peak_day=342, season=0.8, weekend=1.4),
    Shelf(path="Toys/Games", things=("Card Game", "Jigsaw 1000", "Dice Set", "Travel Chess"),
          variants=_ONE, price_minor=(890, 4490), weight_g=(150, 1100),
          margin_percent=(40, 55), peak_day=344, season=0.75, weekend=1.4),
    Shelf(path="Beauty/Skin Care", things=("Hand Cream", "Face Oil", "Lip Balm", "Body Lotion"),
          variants=("50 ml", "200 ml"), price_minor=(490, 3990), weight_g=(60, 320),
          margin_percent=(52, 70), peak_day=350, season=0.2, weekend=1.1,
          variant_step_minor=700),
    Shelf(path="Grocery/Coffee and Tea", things=("Espresso Beans", "Filter Coffee", "Green Tea",
          "Herbal Infusion"), variants=("250 g", "1 kg"), price_minor=(490, 2990),
          weight_g=(260, 1050), margin_percent=(28, 42), peak_day=340, season=0.15, weekend=0.9,
          variant_step_minor=900),
)  # fmt: skip
