ALTER TABLE {database}_raw.block_log
    COMMENT COLUMN token 'of the insert, table included',
    COMMENT COLUMN partition '',
    COMMENT COLUMN first_offset '',
    COMMENT COLUMN last_offset '';
