"""A sentence or two in each language of the multilingual members, with figures and capitals in them."""

from __future__ import annotations

SENTENCES = {
    "ar": "مرحبا بالعالم، كيف حالك اليوم؟ لدينا 25 كتابا.",
    "da": "Goddag, hvordan har du det? Toget kører klokken 17 fra spor 4.",
    "de": "Der schnelle braune Fuchs springt über 777 faule Hunde; die EU schweigt.",
    "el": "Καλημέρα, τι κάνεις σήμερα; Έχουμε 25 βιβλία.",
    "en": "The WWW is 33 years old: who would've thought? 50% of us weren't born.",
    "es": "¿Dónde está la biblioteca? Está en la calle 48, a la vuelta.",
    "fi": "Hyvää päivää, mitä kuuluu? Lentokonesuihkuturbiinimoottori maksaa 99 euroa.",
    "fr": "Bonjour ! Il y a 99 œufs — et 98 poules — dans l'école.",
    "he": "שלום, מה שלומך היום? יש לנו 25 ספרים.",
    "hi": "नमस्ते, आप कैसे हैं? हमारे पास 25 किताबें हैं।",
    "it": "Buongiorno, come stai? Sono le 18 e piove da 45 minuti.",
    "ja": "こんにちは、きょうはいいてんきですね。ラーメンをたべましょう。",
    "ko": "안녕하세요, 오늘 날씨가 참 좋네요. 내일 다시 만나요!",
    "ms": "Selamat pagi, apa khabar? Kami ada 25 buah buku.",
    "nl": "Goedemorgen, hoe gaat het? De trein van 8 uur is te laat.",
    "no": "God morgen, hvordan går det? Vi har 25 bøker på øya.",
    "pl": "Dzień dobry, jak się masz? Chrząszcz brzmi w trzcinie od 1999 roku.",
    "pt": "Bom dia, como está? A lição começa às 10 horas.",
    "ru": "Здравствуйте, как дела? У нас 25 книг, ёлка и достопримечательности.",
    "sv": "God morgon, hur mår du? Vi har 25 böcker på ön.",
    "sw": "Habari za asubuhi, hujambo? Tuna vitabu 25.",
    "tr": "Günaydın, nasılsınız? İstanbul'da 25 kitabımız var.",
    "zh": "你好，今天天气很好。曰日世界，我们明天见！",
}
