-- Where patients of an institution open the reception of 訪問診療等 (2) and オンライン診療等 (3).

CREATE TABLE access_urls (
    institution_code TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('2', '3')),
    url TEXT NOT NULL,
    PRIMARY KEY (institution_code, kind)
);
