"""Topics: what a comment is about, by a fixed list of words, so that no name or number can ever be shown."""

from __future__ import annotations

import re

from crmreport.language import _t

TITLES: dict[str, str] = {
    "delivery": _t("Delivery"),
    "price": _t("Price"),
    "quality": _t("Quality"),
    "service": _t("Service"),
    "waiting": _t("Waiting"),
    "product": _t("Product"),
    "digital": _t("Web site and app"),
}

_ENGLISH = {
    "delivery": "deliver(y|ed|ies|ing)?|shipp?(ing|ed|ment)|courier|parcel|package|arriv(e|ed|es|al)"
    "|dispatch(ed)?|fitters?|install(ed|ation|er)?|assembl(y|ed)",
    "price": "prices?|priced|pricing|costs|costly|cheap(er)?|expensive|overpriced|discount(s|ed)?|value"
    "|money|fees?|invoices?|bill(s|ed|ing)?|refund(s|ed)?|charged?|overcharged",
    "quality": "quality|broken?|broke|faulty|defect(s|ive)?|damaged?|scratch(es|ed)?|dent(s|ed)?|sturdy"
    "|durab(le|ility)|reliab(le|ility)|flimsy|wobbly|crack(s|ed)?|repair(s|ed)?|replacement",
    "service": "services?|staff|support|agents?|advis[eo]rs?|representatives?|help(ed|ful|desk)?|rude"
    "|friendly|polite|courteous|team|call(s|ed)? back|rang me back|complaints?|complain(ed)?"
    "|explained",
    "waiting": "wait(s|ed|ing)?|slow(ly|er)?|delay(s|ed)?|late|queues?|on hold|hours"
    "|no (reply|answer|response)|nobody|quick(ly|er)?|fast(er)?|prompt(ly)?|within minutes",
    "product": "products?|items?|models?|sizes?|colou?rs?|designs?|features?|materials?|range|chairs?"
    "|desks?|tables?|drawers?|furniture",
    "digital": "apps?|web ?sites?|online|log ?in|password|pages?|checkout|account|update[ds]?"
    "|crash(es|ed)?|bugs?|software",
}
_CHINESE = {
    "delivery": "送货|快递|物流|配送|发货|到货|寄到|寄来|包裹|安装|收到货",
    "price": "价格|价钱|便宜|贵|实惠|性价比|优惠|折扣|收费|费用|退款|发票|划算",
    "quality": "质量|品质|做工|破损|划痕|坏了|损坏|故障|结实|耐用|瑕疵|维修|毛病",
    "service": "服务|客服|态度|店员|前台|售后|投诉|耐心|热情|师傅|没有人回|没人理",
    "waiting": "等了|等待|排队|太慢|很慢|拖延|延误|及时|准时|很快|答复|回复",
    "product": "产品|商品|款式|颜色|尺寸|材质|设计|功能|桌|椅|抽屉|型号",
    "digital": "网站|软件|应用|登录|密码|页面|下单|账号|闪退|手机端|小程序",
}
_PATTERNS = {
    topic: re.compile(rf"\b(?:{_ENGLISH[topic]})\b|{_CHINESE[topic]}",
                      re.IGNORECASE)
    for topic in TITLES
}  # fmt: skip


def topics_of(text: str) -> tuple[str, ...]:
    """Name the topics (keys of `TITLES`) that a text, English or Chinese, has a word of; often several."""
    return tuple(topic for topic, pattern in _PATTERNS.items() if pattern.search(text))
