-- How a signing secret is written: null: whsec_ and base64; ed25519: whsk_ and base64; text: any text.
alter table endpoint
    add secret_form text check (secret_form in ('ed25519', 'text'));
